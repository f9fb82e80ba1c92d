"""Solves the heads of a study's trials, and the best one again on all rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError
from adaptkit.run.training import make_scheduler, run_recorded
from adaptkit.study.record import UNTESTED
from adaptkit.study.winner import winning_trial

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.objective import LinearHead
    from adaptkit.engine.training import Training
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.search.search import Search
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
    context.progress.phase("solving the heads")
    scheduler = make_scheduler(context, config, training, search, 1)
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


def solving_again_is_due(context: RunContext, config: StudyConfig, method: Method, data: Dataset) -> bool:
    """Whether the best trial's head is to be solved again, on the training and dev rows together.

    Where folds have scored the trials, every trial's head was solved on all rows.
    """
    if method.solver != "lbfgs" or method.folds or not solved_on_all_rows(config, data):
        return False
    best = winning_trial(context.summary, context.folder.read_trials())
    return best is None or context.summary.refit != best.number or not _is_kept(context, best.number)


def solved_on_all_rows(config: StudyConfig, data: Dataset) -> bool:
    """Whether a solved winner is solved again with the dev rows; by default, if they were split off."""
    return data.dev_from_train if config.search.refit is None else config.search.refit


def _is_kept(context: RunContext, number: int) -> bool:
    """Whether there are weights of the trial. The search keeps those of its best trials alone."""
    return number in context.folder.numbers_with_weights()


def solve_best_again(context: RunContext, training: Training) -> None:
    """Solve the best trial's head again, on the training and dev rows together, and keep its weights."""
    from adaptkit.engine.solver import solve_on_all_rows
    from adaptkit.run.weights import weights_writer

    best = winning_trial(context.summary, context.folder.read_trials())
    if best is None:
        return
    context.progress.phase("solving the best head on all rows")
    with context.clock.phase("train"), context.interruption.exposed():
        parameters = solve_on_all_rows(training, best.hyperparameters["l2"])
    context.folder.keep_weights(best.number, weights_writer(parameters, training.vocabulary))
    context.write(refit=best.number, best=None, model_folder=None, **UNTESTED)
