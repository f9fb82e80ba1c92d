"""Solves the heads of a study's trials, and the best one again on all rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError
from adaptkit.run.refit import is_solved_again
from adaptkit.run.refitting import means
from adaptkit.run.training import make_scheduler, run_recorded
from adaptkit.study.record import UNTESTED
from adaptkit.study.refit import Refit, RefitFolder
from adaptkit.study.winner import exported_run, winning_trial

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.objective import LinearHead
    from adaptkit.engine.training import Training
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.search.search import Search
    from adaptkit.study.record import TrialRecord
    from adaptkit.task import Task


def solve_trials(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, training: Training, search: Search,
    *, folds: int,
) -> None:  # fmt: skip
    """Solve the heads of the remaining trials, and record how each ends.

    Half of the study's trials are solved before any is scored, so that the search learns from them.

    Raises:
        ConfigError: the head is not one linear layer.
        Interrupted: a signal was received. The running trials are recorded as interrupted.
    """
    from adaptkit.data.folds import folds_of
    from adaptkit.engine.solver import solve

    head = head_to_solve(training)
    rows = data.train.joined(data.dev)  # in the order of the training's rows
    assigned = folds_of(task, rows, folds, config.seed) if folds else None  # [rows]
    at_once = max(1, -(-config.search.trials // 2))
    if context.trainer.workers > 1:
        context.progress.note("heads are solved on the first device: the other workers have no part in it")
    if search.remaining:
        context.progress.phase("solving the heads")
    scheduler = make_scheduler(context, config, training, search, 1, keep_default=not folds)
    run_recorded(
        context, training, scheduler, search,
        lambda: solve(training, head, scheduler, at_once=at_once, folds=assigned),
    )  # fmt: skip


def head_to_solve(training: Training) -> LinearHead:
    """The head of the training; raises ConfigError if it is not one linear layer on kept features."""
    from adaptkit.engine.objective import linear_head

    head = linear_head(training)
    if head is None:
        raise ConfigError(
            "the head cannot be solved",
            expected="one linear layer on the outputs of a frozen encoder",
            next_step="Add --head-solver adamw.",
            code="not-linear",
        )
    return head


def to_solve_again(
    context: RunContext, config: StudyConfig, method: Method, data: Dataset
) -> TrialRecord | None:
    """The winner, if its head is to be solved again on the training and dev rows together; else None."""
    best, done = winning_trial(context.summary, context.folder.read_trials()), context.summary.trained_again
    if best is None or not is_solved_again(config, method, data):
        return None
    if context.summary.refit == best.number:  # by an earlier version
        return None if best.number in context.folder.numbers_with_weights() else best
    folder = RefitFolder(context.folder.refit)
    return None if done is not None and done.trial == best.number and folder.has_weights(done) else best


def solve_again(context: RunContext, training: Training, data: Dataset, best: TrialRecord) -> None:
    """Solve the winner's head again, on the training and dev rows together, and keep its weights."""
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.engine.solver import solve_on_all_rows
    from adaptkit.run.weights import weights_writer

    context.progress.phase("solving the best head on all rows")
    started = time.monotonic()
    with context.clock.phase("refit"), context.interruption.exposed():
        parameters = solve_on_all_rows(training, best.hyperparameters["l2"])
    scored = exported_run(context.summary, best) or best
    record = Refit(
        trial=best.number, seed=best.seed, epochs=0.0, of_epochs=0.0, rows=len(data.train) + len(data.dev),
        state="complete", score=scored.score, values=means([scored.values]),
        groups={name: means([numbers]) for name, numbers in scored.groups.items()},
        calibration=scored.calibration, seconds=time.monotonic() - started,
    )  # fmt: skip
    folder = RefitFolder(context.folder.refit)
    folder.write(record, weights_writer(parameters, training.vocabulary, some_head_inputs(training)))
    context.write(trained_again=record, refit=None, best=None, model_folder=None, **UNTESTED)
    folder.drop_other_weights(record)
