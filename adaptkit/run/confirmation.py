"""Confirms the winner: trains the best configurations and the default again, under common new seeds."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from adaptkit.run.confirmed import (
    conclude,
    kept_heads,
    not_averaged,
    scores_own_heads,
    trials_with_weights,
    write_unfinished,
)
from adaptkit.run.evaluations import BEST_RUNG, EvaluationRule
from adaptkit.run.head_init import START
from adaptkit.run.resolve import strategy_of
from adaptkit.search.confirmation import (
    MOST_CANDIDATES,
    MOST_RUNS,
    affordable,
    candidates,
)
from adaptkit.study.confirmation import FEWEST_TRIALS, Confirmation, ConfirmationFolder
from adaptkit.study.provenance import FIRST_WITH_REFIT
from adaptkit.study.record import best_trial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.training import Training
    from adaptkit.run.confirmation_scheduler import ConfirmationScheduler
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.study.record import StudySummary, TrialRecord
    from adaptkit.task import Task

CANDIDATES_WHERE_ASKED = 3
"""The candidates, with the default, if the user sets the number of runs and the encoder trains."""


def planned(
    config: StudyConfig, method: Method, summary: StudySummary, records: Sequence[TrialRecord], rungs: int
) -> Confirmation | None:
    """What is to be confirmed; None if nothing is.

    Heads that are solved and scored on dev rows have one run each: no seed changes them, but their difference
    depends on which dev rows there are.

    Args:
        config: the study's configuration.
        method: how its models are trained.
        summary: the study so far.
        records: its trials.
        rungs: the rungs of a complete trial.
    """
    best = best_trial(records, summary.direction)
    asked = config.search.confirm
    if best is None or asked == 0:
        return None
    over: Literal["seeds", "rows"] = "rows" if method.solver == "lbfgs" and not method.folds else "seeds"
    scored = [record for record in records if record.state in ("complete", "pruned")]
    if asked is None and len(scored) < FEWEST_TRIALS:
        return None
    frozen = not strategy_of(config).trains_encoder
    most, runs = (MOST_CANDIDATES, MOST_RUNS) if frozen else affordable(records, rungs)
    if asked is not None:
        most, runs = (most if frozen else CANDIDATES_WHERE_ASKED), asked
    chosen = candidates(records, summary.direction, most)
    if not chosen:
        return None
    return Confirmation(
        searched_best=best.number, trials=tuple(chosen), default=chosen[-1],
        runs=1 if over == "rows" else runs, over=over,
    )  # fmt: skip


def confirmation_due(
    context: RunContext, config: StudyConfig, method: Method, rungs: int
) -> Confirmation | None:
    """What is still to be confirmed of the trials so far; None if nothing is."""
    plan = planned(config, method, context.summary, context.folder.read_trials(), rungs)
    done = context.summary.confirmation
    if plan is None or (done is not None and done.winner is not None and _aim(plan) == _aim(done)):
        return None
    return plan


def _aim(plan: Confirmation) -> tuple[object, ...]:
    return plan.searched_best, tuple(plan.trials), plan.runs, plan.over


def confirm_trained(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, capacity: Capacity,
    plan: Confirmation, method: Method, rule: EvaluationRule,
) -> None:  # fmt: skip
    """Train the candidates again, as slots of one population, and record the result.

    Args:
        context: the run.
        config: the study's configuration.
        task: its task.
        data: its rows.
        capacity: what trains its trials.
        plan: what is to be confirmed.
        method: how its models are trained.
        rule: of each run.

    Raises:
        Interrupted: a signal was received. The same command continues with the runs that have not ended.
    """
    from adaptkit.run.initials import initials_of
    from adaptkit.run.soup import averaged, study_averages

    training = replace(capacity.training, seconds={"train": 0.0, "score": 0.0})
    averages = study_averages(context, config, method.ranges, training)
    if averages and method.ranges < FIRST_WITH_REFIT:
        rule = replace(rule, tolerance=0.0)
    scheduler = make_scheduler(context, config, task, training, plan, rule, keep_all=averages)
    if scheduler.waiting:
        again = training
        if not averages:  # runs whose weights are averaged start alike
            seeds = sorted({trial.seed for trial, _ in scheduler.waiting})
            solved_start = START in context.summary.baselines
            with context.interruption.exposed():
                its = initials_of(config, task, data.labels, training, seeds, solved_start=solved_start)
            again = replace(training, initials=its)
        with context.clock.phase("confirm"):
            context.trainer.train(again, capacity.slots, capacity.limits, scheduler, context.progress)
    conclude(context, plan, (lambda runs: averaged(context, training, runs)) if averages else not_averaged)


def confirm_solved(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, training: Training,
    plan: Confirmation, folds: int,
) -> None:  # fmt: skip
    """Solve the candidates' heads again, with other folds if there are any, and record the result.

    Heads that were solved on the same rows are only scored on resamples of the dev rows.

    Raises:
        Interrupted: a signal was received.
    """
    from adaptkit.data.folds import folds_of
    from adaptkit.engine.objective import linear_head
    from adaptkit.engine.solver import solve

    head = linear_head(training)
    rows = data.train.joined(data.dev)  # in the order of the training's rows
    scheduler = make_scheduler(context, config, task, training, plan, BEST_RUNG)
    known: dict[float, NDArray[np.float64]] = {}  # solutions on all rows, which are the same for all runs
    with context.clock.phase("confirm"):
        for run in sorted({run.run for _, run in scheduler.waiting}):
            only = scheduler.only(run)
            seed = only.waiting[0][0].seed
            if head is not None:
                assigned = folds_of(task, rows, folds, seed) if folds else None  # [rows]
                solve(
                    training, head, only, at_once=len(plan.trials), folds=assigned, known=known,
                    solved=kept_heads(context, plan, only.waiting),
                )  # fmt: skip
    conclude(context, plan, own_weights=trials_with_weights(context, plan))


def make_scheduler(
    context: RunContext, config: StudyConfig, task: Task, training: Training, plan: Confirmation,
    rule: EvaluationRule, *, keep_all: bool = False,
) -> ConfirmationScheduler:  # fmt: skip
    """The scheduler of the runs that have not ended. ``keep_all`` keeps the weights of all of them."""
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.run.confirmation_scheduler import ConfirmationScheduler, trials_of

    records = {record.number: record for record in context.folder.read_trials()}
    folder = ConfirmationFolder(context.folder.confirmation)
    ended = folder.read()
    timeout = config.search.timeout or math.inf
    spent = sum(context.clock.seconds.get(name, 0.0) for name in ("train", "score"))
    waiting = trials_of(plan, records, ended, seed=config.seed, rule=rule)
    done = "confirming" if plan.over == "seeds" else "comparing"
    context.progress.phase(f"{done} {len(plan.trials)} configurations, {_runs(plan, len(waiting))}")
    write_unfinished(context, plan, ended)
    return ConfirmationScheduler(
        folder, waiting, ended,
        task=task, dev=training.dev, metric=context.summary.metric, direction=context.summary.direction,
        seed=config.seed, deadline=time.monotonic() + timeout - spent, check=context.check,
        progress=context.progress,
        announce=context.progress.compared if scores_own_heads(context, plan) else context.progress.confirmed,
        vocabulary=training.vocabulary, head_inputs=some_head_inputs(training),
        keep_all=keep_all,
    )  # fmt: skip


def _runs(plan: Confirmation, left: int) -> str:
    """How many runs there are, or how many of them remain."""
    if plan.over == "rows":
        return "on resamples of the dev rows"
    if left == plan.total:
        return f"{plan.runs} runs of each with new seeds"
    return f"{left} of {plan.total} runs remain"
