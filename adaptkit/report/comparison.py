"""Sentences that compare the winner with the majority class and the default.

They contain names from plugins as they are. The module for each format escapes them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from adaptkit.report import baselines, confirmation, formatting
from adaptkit.report.budget import budget_notes
from adaptkit.report.chosen import chosen
from adaptkit.report.edges import penalty_edge
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.refit import Refit
from adaptkit.study.winner import exported_refit
from adaptkit.task import MAJORITY_CLASS

IMBALANCED = 0.8
"""The share of the most frequent class from which on an accuracy alone says little."""

HARDLY = 0.5
"""The part of the errors of the most frequent class that a clearly better winner avoids."""


def split(summary: StudySummary) -> str:
    """What scored the trials, in a word: "dev", or "5-fold" for cross-validation."""
    return f"{summary.folds}-fold" if summary.folds else "dev"


def on_split(summary: StudySummary) -> str:
    """What scored the trials, in a sentence: "on dev", or "in 5-fold cross-validation"."""
    return f"in {summary.folds}-fold cross-validation" if summary.folds else "on dev"


def notes(summary: StudySummary, best: TrialRecord, trials: Sequence[TrialRecord]) -> list[str]:
    """What the winner's score has to be compared with, apart from a baseline that it does not beat."""
    return [
        *baselines.beaten(summary, best),
        *_majority(summary, best),
        *_default(summary, best, trials),
        *penalty_edge(summary, best),
        *budget_notes(summary, trials),
    ]


def caveats(summary: StudySummary, best: TrialRecord, trials: Sequence[TrialRecord]) -> str:
    """How far the winner's scores can be trusted."""
    sentences = [*chosen(summary, best, trials), *exported(summary, best), *too_high(summary, "dev")]
    if summary.test:
        return " ".join([*sentences, "The test rows were not used to choose it.", *too_high(summary, "test")])
    if "test" in summary.data:
        return " ".join([*sentences, "The test rows have not been scored yet."])
    return " ".join([*sentences, "There are no test rows."])


def too_high(summary: StudySummary, split: str) -> list[str]:
    """That rows of a split are not among those that were scored, although the model is wrong on them."""
    record = summary.data.get(split)
    return [] if record is None else not_counted(record.unknown_labels, f"{split} score")


def not_counted(rows: int, score: str) -> list[str]:
    """That a score is too high, because rows with unknown labels were left out; nothing if there are none."""
    if not rows:
        return []
    which = "1 row with a label" if rows == 1 else f"{formatting.count(rows)} rows with labels"
    were, they, errors = ("was", "it", "an error") if rows == 1 else ("were", "they", "errors")
    return [
        f"The {score} is too high: {which} that the model does not have {were} left out; {they} would count "
        f"as {errors}."
    ]


def majority_share(summary: StudySummary, best: TrialRecord) -> float:
    """The share of the scored rows that have the most frequent class; NaN if it is not known.

    It is the accuracy of the baseline that always predicts this class. Without baselines it follows from the
    number of rows of each class, if each row has one class.
    """
    baseline = summary.baselines.get(MAJORITY_CLASS, {}).get("accuracy")
    if baseline is not None:
        return baseline
    scored = summary.data.get("train" if summary.folds else "dev")
    counts = [group.get("support", math.nan) for group in best.groups.values()]
    if not counts or scored is None or sum(counts) != scored.rows:
        return math.nan
    return max(counts) / scored.rows


def beats_majority(summary: StudySummary, best: TrialRecord) -> bool | None:
    """Whether the optimised accuracy is clearly better than that of the most frequent class.

    None if another number is optimised, or if the classes have about equally many rows.
    """
    share = majority_share(summary, best)
    skewed = share > max(0.5, 1.5 / max(len(summary.labels), 1))
    if summary.metric != "accuracy" or best.score is None or not skewed:
        return None
    return best.score > share + (HARDLY * (1 - share) if share > IMBALANCED else 0)


def default(summary: StudySummary, best: TrialRecord, trials: Sequence[TrialRecord]) -> str:
    """The winner compared with the default hyperparameters."""
    defaults = [trial for trial in trials if trial.is_default]
    if best.is_default:
        others = [one for one in trials if one.score is not None and one.number != best.number]
        rest = "no other trial scored better" if others else "no other trial has a score"
        return f"These are the default hyperparameters; {rest}."
    if any(trial.hyperparameters == best.hyperparameters for trial in defaults):
        return "These are the default hyperparameters, trained with another seed."
    scored = (trial for trial in defaults if trial.state == "complete" and formatting.finite(trial.score))
    known = next(scored, None)
    if known is None or known.score is None or best.score is None:
        return "The default hyperparameters have no score to compare with."
    score, where = formatting.score(known.score), on_split(summary)
    if formatting.score(best.score) == score:
        return f"The default hyperparameters (trial {known.number}) score the same: {score} {where}."
    gain = formatting.score(abs(best.score - known.score))
    once = "trained once" if best.split == known.split else "trained once and scored on dev rows of its own"
    return (
        f"{where.capitalize()}, this is {gain} better than the default hyperparameters (trial "
        f"{known.number}: {score}). Each was {once}, so part of the difference may be chance."
    )


def _default(summary: StudySummary, best: TrialRecord, trials: Sequence[TrialRecord]) -> list[str]:
    """The winner compared with the default: by the confirmation, or else by one run of each."""
    confirmed = confirmation.notes(summary, trials)
    return confirmed or [default(summary, best, trials), *confirmation.unfinished(summary, trials)]


def exported(summary: StudySummary, best: TrialRecord) -> list[str]:
    """On which rows the exported weights were trained, if not on those of the weights that were scored."""
    again = exported_refit(summary, best)
    if again is not None and again.epochs:
        return [_again(again)]
    if summary.folds:
        return ["The exported head was solved on all training rows together."]
    if again is not None or summary.refit == best.number:
        return [
            "The exported head was solved again on the training and dev rows together, so the dev score is "
            "that of the head trained on the training rows alone."
        ]
    return []


def split_label(summary: StudySummary, best: TrialRecord) -> str:
    """The name of the winner's scores that are not on test."""
    return f"configuration, {split(summary)}" if exported_refit(summary, best) else split(summary)


def _again(refit: Refit) -> str:
    of = "" if refit.epochs == refit.of_epochs else f" of {refit.of_epochs:.3g}"
    epochs = "epoch" if refit.of_epochs == 1 else "epochs"
    average = f", as the average of {refit.averaged} runs" if refit.averaged > 1 else ""
    mean = f"the mean of its {refit.runs} runs" if refit.runs > 1 else "its score"
    return (
        f"The exported model was trained again, on the {refit.rows:,} training and dev rows together, for "
        f"{refit.epochs:.3g}{of} {epochs}{average}. No dev rows are left to score it on: the dev score is "
        f"that of the configuration, {mean} without the dev rows."
    )


def _majority(summary: StudySummary, best: TrialRecord) -> list[str]:
    """The share of the most frequent class, if an accuracy alone says little because of it."""
    share = majority_share(summary, best)
    if not share > IMBALANCED or "accuracy" not in {summary.metric, *best.values}:
        return []
    if beats_majority(summary, best) is False:  # a warning says so
        return []
    return [
        f"{formatting.share(share)} of the rows have the most frequent class, so an accuracy of "
        f"{formatting.score(share)} needs no model. Compare macro F1, too (--metric macro_f1 optimises it)."
    ]
