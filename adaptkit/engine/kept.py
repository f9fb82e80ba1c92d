"""Which rung of a trial is kept: the last one that is about as good as its best.

Scores of few rows are noisy, and the best of several scores is in part the luckiest. The learning rate falls
to 0, so a later rung is the better model where the scores do not tell two rungs apart. benchmarks/curves has
what that gains. Breiman et al. 1984 choose the size of a tree by such a rule of one standard error
(https://doi.org/10.1201/9781315139470).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.engine.evaluate import calibrated
from adaptkit.tasks.resampled import standard_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit.engine.evaluate import ScoringSet
    from adaptkit.engine.running import Running
    from adaptkit.engine.training import Training
    from adaptkit.engine.types import RungReport
    from adaptkit.task import Prediction


def is_kept(one: Running, report: RungReport, predictions: Sequence[Prediction], training: Training) -> bool:
    """Whether the rung that was scored last is kept instead of an earlier one.

    Counts it as the best, or as one more rung that is not better.

    Args:
        one: the trial.
        report: the scores of the rung.
        predictions: one per row that scores the trial, before the calibration.
        training: what the trial is trained with.
    """
    sign = 1 if training.direction == "maximize" else -1
    if one.best is None or sign * report.score > sign * one.best.score:
        one.best, one.best_predictions, one.error, one.not_better = report, predictions, None, 0
        return True
    one.not_better += 1
    if not one.trial.tolerance:
        return False
    if one.error is None:
        one.error = _error(training.scored_by(one.trial), one.best_predictions, one.best, training.metric)
    return sign * (one.best.score - report.score) <= one.trial.tolerance * one.error


def _error(rows: ScoringSet, predictions: Sequence[Prediction], report: RungReport, metric: str) -> float:
    """The standard error of a score."""
    its = calibrated(rows.task, predictions, report.calibration)
    return standard_error(rows.task.metric, metric, its, rows.rows)
