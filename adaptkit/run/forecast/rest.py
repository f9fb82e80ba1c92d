"""The measured end of a study: baselines, export, and the score of the winner on the test rows."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.analysis.resampling import MOST_SECONDS, score_intervals
from adaptkit.errors import Interrupted, TrialError
from adaptkit.run.baselines import scores_of_baselines
from adaptkit.run.forecast.measured import seconds_of

if TYPE_CHECKING:
    from pathlib import Path

    from adaptkit.engine.training import Training
    from adaptkit.engine.types import Outcome
    from adaptkit.run.forecast.measured import Measured

FIRST = 20
"""So many rows are scored first, to load what the baselines need."""


@dataclass(frozen=True, kw_only=True)
class Rest:
    """What the end of a study takes."""

    seconds: Mapping[str, float]
    disk_bytes: int
    """Of the exported model."""


def measured_rest(of: Measured, training: Training, outcomes: Sequence[Outcome]) -> Rest:
    """What the end of the study takes: a model is exported and loaded, and the baselines are trained.

    Args:
        of: the rows and the model.
        training: what a trial was trained with.
        outcomes: how trials ended; one of them is exported.
    """
    folder = of.place / "model"
    exporting = seconds_of(lambda: _export(of, training, outcomes, folder))
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    return Rest(
        seconds={"baselines": _baselines(of), "export": exporting, "test": _test(of, folder)},
        disk_bytes=size,
    )


def _export(of: Measured, training: Training, outcomes: Sequence[Outcome], folder: Path) -> None:
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.export.saving import TrialToExport, export
    from adaptkit.run.resolve import strategy_of
    from adaptkit.tasks import registry

    done = next((one for one in outcomes if one.parameters is not None and one.kept is not None), None)
    trial = TrialToExport(
        config=of.config,
        strategy=strategy_of(of.config),
        task=of.task,
        labels=of.data.labels,
        parameters=training.initial if done is None or done.parameters is None else done.parameters,
        vocabulary=training.vocabulary,
        head_inputs=some_head_inputs(training),
        calibration={} if done is None or done.kept is None else done.kept.calibration,
        card="",
        plugin=registry.find(of.config.task).distribution,
        versions={},
    )
    export(trial, folder)


def _baselines(of: Measured) -> float:
    if of.task.baseline is None:
        return 0.0
    few = len(of.part.train) // FIRST or 1
    first = _scoring_baselines(of, few)
    on_test = 0 if of.data.test is None else 1 / max(of.method.folds, 1)  # once more, without folds
    return first + _scoring_baselines(of, 1) * of.share * (1 + on_test)


def _scoring_baselines(of: Measured, step: int) -> float:
    """The seconds of scoring the baselines on every so many rows of the part; 0 if they cannot be scored."""
    from adaptkit.run.forecast.rows import every

    part = every(of.part, step)
    started = time.perf_counter()
    try:
        scores_of_baselines(of.task, part, folds=of.method.folds, seed=of.config.seed)
    except Interrupted:
        raise
    except Exception:  # a study has a warning then
        return 0.0
    return time.perf_counter() - started


def _test(of: Measured, folder: Path) -> float:
    """Loading the exported model, predicting the test rows, and resampling their score."""
    from adaptkit.engine.evaluate import score
    from adaptkit.export.predictor import load_quietly
    from adaptkit.run.forecast.rows import some

    if of.data.test is None:
        return 0.0
    rows = some(of.data.test).values
    share = len(of.data.test) / len(rows)
    started = time.perf_counter()
    predictor = load_quietly(folder, device=of.machine.device, task=None)
    loaded = time.perf_counter()
    try:
        predictions = predictor.predictions(rows)
        predicted = time.perf_counter()
        scores = score(predictor.task, predictions, rows, of.metric)
        score_intervals(predictor.task.metric, predictions, rows, scores.values)
    except TrialError:  # a study has a warning then
        return loaded - started
    scored = time.perf_counter() - predicted
    return loaded - started + (predicted - loaded) * share + min(scored * share, max(scored, MOST_SECONDS))
