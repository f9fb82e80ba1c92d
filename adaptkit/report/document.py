"""A study as one JSON-ready object, for other programs.

Its structure does not change within one ``format``::

    {"format": 2,
     "study":  every field of StudySummary,
     "best":   null, or {"number", "score", "default_score", "beats_baselines",
               "beats_baselines_on_test", "hyperparameters", "calibration", "values", "test",
               "lowest_on_test": [{"name", "measure", "score", "support"}], "model_folder"},
     "trials": every field of each TrialRecord and its "score", ordered by number,
     "budget": null for few trials, or what the last doubling of the trials gained: {"trials", "half",
               "best_of_half", "best", "gain", "low", "high", "curve": [[trials, expected best score]]}}

``best`` has the numbers of the exported weights: of a confirmation run, if ``study.confirmation.exported`` is
one and ``study.folds`` is 0, else of the trial. ``default_score`` is that of the default's own trial.

``study.trained_again`` is null, or the training of the winner on the training and dev rows together. If it is
complete, the exported weights are its own and have no dev score: ``best`` then has the numbers of the
configuration without the dev rows, which are the means of ``study.trained_again.runs`` runs. ``averaged`` is
the number of runs on all rows of whose weights the mean is exported, and ``epochs`` is 0 if the winner's head
was solved::

    {"trial", "seed", "epochs", "of_epochs", "rows", "state", "reason", "score", "runs", "values", "groups",
     "calibration", "seconds", "averaged"}

``study.confirmation`` is null, or the runs with new seeds::

    {"searched_best", "trials", "default", "runs", "over",
     "candidates": [{"trial", "scores", "failed", "mean", "deviation", "difference", "low", "high"}],
     "winner", "exported_run", "exported", "best_run", "average"}

``trials`` are the confirmed ones, ``runs`` is the number of runs of each, ``difference`` is that from the
default's mean, and ``low`` and ``high`` are its 95% interval. Until all runs have ended ``winner`` is null.
Runs are counted from 0. If the weights of the winner's runs are averaged, ``average`` is the record of that,
``best_run`` that of its best run, and ``exported_run`` is -1 if the average is exported. ``over`` is "seeds";
or "rows" for solved heads on dev rows, which no seed changes: they have one run each, the interval is over
the dev rows alone, and it does not change the winner.

With ``study.reshuffle`` each trial has the dev rows of its ``split``. Confirmation runs have those of split
0, and decide which configuration wins, also where they are "over" rows.

``study.data`` has the rows of each split. ``unknown_labels`` of them were left out because of labels that the
model does not have, so the scores do not count them as errors.

``study.baselines`` has the numbers of each baseline on the rows that scored the trials, and
``study.test_baselines`` those on the test rows. ``beats_baselines`` and ``beats_baselines_on_test`` are null
if no baseline was scored there. ``lowest_on_test`` has the classes with the lowest scores on test, the lowest
first; it is empty without classes or test rows. Numbers that are not finite are null. Strings are not
escaped: escape them before you show them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from adaptkit.analysis.budget import budget_of
from adaptkit.report import baselines, facts, weak_classes
from adaptkit.study.record import StudySummary, TrialRecord, as_json

FORMAT = 2


def as_document(summary: StudySummary, trials: Sequence[TrialRecord]) -> dict[str, Any]:
    """The study, its winner and its trials; `json.dumps` accepts it with ``allow_nan=False``."""
    ordered = sorted(trials, key=lambda trial: trial.number)
    budget = budget_of(trials, summary.direction)
    document = {
        "format": FORMAT,
        "study": as_json(summary),
        "best": _best(summary, trials),
        "trials": [{**as_json(trial), "score": trial.score} for trial in ordered],
        "budget": None if budget is None else asdict(budget),
    }
    plain: dict[str, Any] = _finite(document)
    return plain


def _best(summary: StudySummary, trials: Sequence[TrialRecord]) -> dict[str, Any] | None:
    best = None if summary.state == "failed" else facts.winner(summary, trials)
    if best is None:
        return None
    default = facts.default_trial(trials)
    return {
        "number": best.number,
        "score": best.score,
        "default_score": default.score if default else None,
        "beats_baselines": baselines.beats_baselines(summary, best),
        "beats_baselines_on_test": baselines.beats_baselines_on_test(summary),
        "hyperparameters": best.hyperparameters,
        "calibration": best.calibration,
        "values": best.values,
        "test": summary.test,
        "lowest_on_test": [asdict(one) for one in weak_classes.lowest_on_test(summary, best)],
        "model_folder": summary.model_folder,
    }


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
