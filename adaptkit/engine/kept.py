"""Which rung of a trial is kept: the last one that is about as good as its best.

Scores of few rows are noisy, and the best of several scores is in part the luckiest. The learning rate falls
to 0, so a later rung is the better model where the scores do not tell two rungs apart: see benchmarks/curves.
Breiman et al. 1984 choose the size of a tree by such a rule of one standard error
(https://doi.org/10.1201/9781315139470).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.engine.evaluate import calibrated
from adaptkit.tasks.resampled import standard_error

if TYPE_CHECKING:
    from adaptkit.engine.running import Running
    from adaptkit.engine.training import Training
    from adaptkit.engine.types import RungReport


def is_better(report: RungReport, best: RungReport | None, direction: str) -> bool:
    """Whether a rung is better than the best before it, if there is one."""
    if best is None:
        return True
    return report.score > best.score if direction == "maximize" else report.score < best.score


def about_as_good(report: RungReport, one: Running, training: Training) -> bool:
    """Whether a rung's score is at most the trial's tolerance, in standard errors, away from the best one.

    The standard error is that of the best score. False without a best rung, and for a tolerance of 0.
    """
    if one.best is None or not one.trial.tolerance:
        return False
    if one.error is None:
        one.error = _error_of_best(one, training)
    return abs(one.best.score - report.score) <= one.trial.tolerance * one.error


def _error_of_best(one: Running, training: Training) -> float:
    """The standard error of the trial's best score."""
    rows = training.scored_by(one.trial)
    calibration = one.best.calibration if one.best else {}
    predictions = calibrated(rows.task, one.best_predictions, calibration)
    return standard_error(rows.task.metric, training.metric, predictions, rows.rows)
