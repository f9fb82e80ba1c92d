"""Solves linear heads on kept features: full-batch L-BFGS with an L2 penalty, instead of gradient steps.

The mean loss of a linear head under cross-entropy or squared error is convex in the head, so a solver
approaches its minimum and no learning rate has to be searched. The weight of the penalty is::

    mean loss + l2 / 2 * sum of squared weights, with the features standardised; the bias is not penalised

With folds, a trial is solved once without each fold and scored on the predictions for the rows that were left
out; what is kept of it is the solution on all rows. With `Training.splits`, a trial is solved without the
rows that its split holds out, and scored on them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import ScoringSet, calibrate_and_score, given, predict_rows
from adaptkit.engine.objective import LinearHead, Objective, linear_head
from adaptkit.engine.splits import Splits
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.engine.types import UNSCORED, Outcome, RungReport, Scheduler, Trial
from adaptkit.errors import TrialError
from adaptkit.task import Prediction

_Folds = Mapping[int, tuple[Sequence[int], ScoringSet]]
"""The number of each fold → the positions of its rows, and these rows; empty without folds."""

SOLVED_BEFORE = "solved before, and only scored"

ALL_ROWS = -1
"""Stands for a fold that leaves out no row."""


def solve(
    training: Training,
    head: LinearHead,
    scheduler: Scheduler,
    *,
    at_once: int,
    folds: NDArray[np.int64] | None,
    known: dict[float, NDArray[np.float64]] | None = None,
    solved: Mapping[int, torch.Tensor] = {},
) -> None:
    """Trains all trials that the scheduler suggests, ``at_once`` of them between two suggestions.

    Args:
        training: the model and the data.
        head: its linear layer.
        scheduler: suggests the trials and takes their results.
        at_once: how many trials are solved before any of them is scored.
        folds: ``[rows]``, the fold of each row, where training and dev rows are the same; None where dev rows
            score the trials, which may be those of each trial's split.
        known: l2 → the solution ``[P]`` on all rows, from which such a trial starts; new ones are added. It
            is the same for all folds.
        solved: the number of a trial that was solved before → its parameters ``[P]``, which are only scored.
    """
    objective = Objective(training, head, _left_out(training, folds))
    known = {} if known is None else known
    of_folds = {} if folds is None else _scored_by_folds(training, folds)
    while trials := scheduler.suggest(at_once):
        with _timed(training, "train"):
            unsolved = [trial for trial in trials if trial.number not in solved]
            found = [
                _Solved(one, {ALL_ROWS: solved[one.number]}, before=True)
                for one in trials
                if one.number in solved
            ]
            found += _solve_all(objective, unsolved, scheduler, known)
        with _timed(training, "score"):
            _score_all(training, of_folds, found, scheduler)
        scheduler.on_rung_end([one.report for one in found if one.report is not None])
        for one in found:
            scheduler.on_trial_end(_outcome(one))
        done = {one.trial.number for one in found}
        for trial in trials:
            if trial.number not in done:
                scheduler.on_trial_end(_unsolved(trial))
        if len(done) < len(trials):
            return


def solve_on_all_rows(training: Training, l2: float) -> torch.Tensor:
    """The parameters ``[P]`` of the head solved on the training and dev rows together.

    Raises:
        ValueError: the head is not one linear layer.
    """
    together = training
    if training.splits is None:  # else the buckets have all rows
        together = replace(training, buckets=[*training.buckets, *training.dev.buckets])
    head = linear_head(together)
    if head is None:
        raise ValueError("the head is not one linear layer on kept features")
    objective = Objective(together, head)
    point, _, _ = objective.minimum(l2, np.zeros(training.layout.width), without=ALL_ROWS)
    return objective.parameters(point)


def _left_out(training: Training, folds: NDArray[np.int64] | None) -> dict[int, NDArray[np.int64]]:
    """The number of each fold or split → the positions of the examples that it leaves out."""
    if training.splits is not None:
        return {split: training.splits.examples(split) for split in training.splits.held_out}
    if folds is None:
        return {}
    of_example = folds[[example.row for example in training.dev.examples]]  # [examples]
    return {int(fold): np.flatnonzero(of_example == fold) for fold in np.unique(folds)}


@dataclass
class _Solved:
    """A trial with the solutions of its objective."""

    trial: Trial
    solutions: dict[int, torch.Tensor]
    """Fold or split that was left out, or `ALL_ROWS` → parameters ``[P]``; the first are kept."""

    loss: float = math.nan
    iterations: int = 0
    seconds: float = 0.0
    before: bool = False
    """Whether it was solved before, and is only scored."""

    report: RungReport | None = None
    predictions: Sequence[Prediction] | None = None
    failure: str = ""


def _solve_all(
    objective: Objective, trials: Sequence[Trial], scheduler: Scheduler,
    known: dict[float, NDArray[np.float64]],
) -> list[_Solved]:  # fmt: skip
    """The trials solved, from the strongest penalty to the weakest, each starting from the one before."""
    solved: list[_Solved] = []
    points: dict[int, NDArray[np.float64]] = {}  # each [P]
    for trial in sorted(trials, key=lambda one: -one.l2):
        started, iterations = time.monotonic(), 0
        losses: list[float] = []
        left_out = (ALL_ROWS, *objective.left_out)
        if objective.training.splits is not None:
            left_out = (trial.split,)  # from zero: a solution of another split has seen its rows
        elif trial.l2 in known:
            points[ALL_ROWS] = known[trial.l2]
        for one in left_out:
            start = points.get(one, np.zeros(objective.width))
            points[one], loss, steps = objective.minimum(trial.l2, start, without=one)
            iterations, losses = iterations + steps, [*losses, loss]
            scheduler.check()
        if ALL_ROWS in left_out:
            known[trial.l2] = points[ALL_ROWS]
        solutions = {one: objective.parameters(points[one]) for one in left_out}
        solved.append(_Solved(trial, solutions, losses[0], iterations, time.monotonic() - started))
        if not scheduler.on_micro_step(objective.training.plan.examples, objective.tokens):
            break
    return solved


def _scored_by_folds(training: Training, folds: NDArray[np.int64]) -> _Folds:
    """The number of each fold → the positions of its rows, and these rows."""
    held_out = {int(fold): np.flatnonzero(folds == fold).tolist() for fold in np.unique(folds)}
    splits = Splits(training.dev, held_out)
    return {fold: (rows, splits.scored(fold)) for fold, rows in held_out.items()}


def _score_all(training: Training, folds: _Folds, solved: Sequence[_Solved], scheduler: Scheduler) -> None:
    """Gives each trial its report, or the reason why it has none."""
    for one in solved:
        try:
            one.report = _report(training, folds, one, scheduler)
        except TrialError as failure:
            one.failure = str(failure)


def _report(training: Training, folds: _Folds, one: _Solved, scheduler: Scheduler) -> RungReport:
    rows = training.scored_by(one.trial)
    predictions = given(
        _out_of_fold(training, folds, one, scheduler)
        if folds
        else _predicted(training, rows, next(iter(one.solutions.values())), scheduler)
    )
    calibration, scores = calibrate_and_score(rows, predictions, training.metric)
    one.predictions = predictions
    return RungReport(
        trial=one.trial, rung=0, epoch=1.0, loss=one.loss, score=scores.values[training.metric],
        scores=scores, last=True, calibration=calibration,
    )  # fmt: skip


def _out_of_fold(
    training: Training, folds: _Folds, one: _Solved, scheduler: Scheduler
) -> list[Prediction] | TrialError:
    """One prediction per row, by the solution without the row's fold; or why there is none."""
    predictions: list[Any] = [None] * len(training.dev.rows)
    for fold, (positions, rows) in folds.items():
        found = _predicted(training, rows, one.solutions[fold], scheduler)
        if isinstance(found, TrialError):
            return found
        for position, prediction in zip(positions, found, strict=True):
            predictions[position] = prediction
    return predictions


def _predicted(
    training: Training, rows: ScoringSet, solution: torch.Tensor, scheduler: Scheduler
) -> list[Prediction] | TrialError:
    """One prediction per row by the solution ``[P]``; or why there is none."""
    parameters = views(training.layout, solution.unsqueeze(0).to(training.forward.device))
    limits = BatchLimits(slots=1, examples=1)
    (result,) = predict_rows(training.forward, parameters, rows, limits, scheduler.check)
    return result


def _outcome(one: _Solved) -> Outcome:
    reason = SOLVED_BEFORE if one.before else f"solved in {one.iterations} iterations"
    kept = one.report is not None and not one.before
    return Outcome(
        trial=one.trial,
        state="fail" if one.report is None else "complete",
        reason=one.failure or reason,
        kept=one.report,
        parameters=next(iter(one.solutions.values())) if kept else None,
        predictions=one.predictions,
        seconds=one.seconds,
    )


def _unsolved(trial: Trial) -> Outcome:
    """The end of a trial that the scheduler stopped before it was solved."""
    return Outcome(trial=trial, state="stopped", reason=UNSCORED, kept=None, parameters=None, seconds=0.0)


@contextmanager
def _timed(training: Training, phase: str) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        training.seconds[phase] += time.monotonic() - started
