"""Confirms the winner: trains the best configurations and the default again, under common new seeds."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from adaptkit.run.head_init import START
from adaptkit.run.resolve import strategy_of
from adaptkit.search.confirmation import FEWEST_TRIALS, MOST_CANDIDATES, MOST_RUNS, affordable, candidates
from adaptkit.study.confirmation import Confirmation, ConfirmationFolder, ConfirmationRun, runs_of, so_far
from adaptkit.study.record import UNTESTED, best_trial

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.train import Training
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
    plan: Confirmation, patience: int,
) -> None:  # fmt: skip
    """Train the candidates again, as slots of one population, and record the result.

    Raises:
        Interrupted: a signal was received. The same command continues with the runs that have not ended.
    """
    from adaptkit.run.initials import initials_of
    from adaptkit.run.soup import averaged

    training = replace(capacity.training, seconds={"train": 0.0, "score": 0.0})
    scheduler = make_scheduler(context, config, task, training, plan, patience)
    if scheduler.waiting:
        seeds = sorted({trial.seed for trial, _ in scheduler.waiting})
        with context.interruption.exposed():
            initials = initials_of(config, task, data.labels, training, seeds, redrawn(context, config))
        again = replace(training, initials=initials)
        with context.clock.phase("confirm"):
            context.trainer.train(again, capacity.slots, capacity.limits, scheduler, context.progress)
    conclude(context, plan, (lambda runs: averaged(context, training, runs)) if config.soup else not_averaged)


def redrawn(context: RunContext, config: StudyConfig) -> Callable[[str], bool]:
    """Which parameters a run draws again: all that start at random. A head that started solved did not.

    Runs whose weights are averaged start alike.
    """
    if config.soup:
        return lambda name: False
    if START in context.summary.baselines:
        return lambda name: "lora_" in name
    return lambda name: True


def confirm_solved(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, training: Training,
    plan: Confirmation, folds: int,
) -> None:  # fmt: skip
    """Solve the candidates' heads again, with other folds if there are any, and record the result.

    Raises:
        Interrupted: a signal was received.
    """
    from adaptkit.data.folds import folds_of
    from adaptkit.engine.objective import linear_head
    from adaptkit.engine.solver import solve

    head = linear_head(training)
    rows = data.train.joined(data.dev)  # in the order of the training's rows
    scheduler = make_scheduler(context, config, task, training, plan, 0)
    known: dict[float, NDArray[np.float64]] = {}  # solutions on all rows, which are the same for all runs
    with context.clock.phase("confirm"):
        for run in sorted({run.run for _, run in scheduler.waiting}):
            only = scheduler.only(run)
            seed = only.waiting[0][0].seed
            if head is not None:
                assigned = folds_of(task, rows, folds, seed) if folds else None  # [rows]
                solve(training, head, only, at_once=len(plan.trials), folds=assigned, known=known)
    conclude(context, plan)


def make_scheduler(
    context: RunContext, config: StudyConfig, task: Task, training: Training, plan: Confirmation,
    patience: int,
) -> ConfirmationScheduler:  # fmt: skip
    """The scheduler of the runs that have not ended."""
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.run.confirmation_scheduler import ConfirmationScheduler, trials_of

    records = {record.number: record for record in context.folder.read_trials()}
    folder = ConfirmationFolder(context.folder.confirmation)
    ended = folder.read()
    timeout = config.search.timeout or math.inf
    spent = sum(context.clock.seconds.get(name, 0.0) for name in ("train", "score"))
    waiting = trials_of(plan, records, ended, seed=config.seed, patience=patience)
    done = "confirming" if plan.over == "seeds" else "comparing"
    context.progress.phase(f"{done} {len(plan.trials)} configurations, {_runs(plan, len(waiting))}")
    _write_unfinished(context, plan, ended)
    return ConfirmationScheduler(
        folder, waiting, ended,
        task=task, dev=training.dev, metric=context.summary.metric, direction=context.summary.direction,
        seed=config.seed, deadline=time.monotonic() + timeout - spent, check=context.check,
        progress=context.progress, vocabulary=training.vocabulary, head_inputs=some_head_inputs(training),
        keep_all=config.soup,
    )  # fmt: skip


def _runs(plan: Confirmation, left: int) -> str:
    """How many runs there are, or how many of them remain."""
    if plan.over == "rows":
        return "on resamples of the dev rows"
    if left == plan.total:
        return f"{plan.runs} runs of each with new seeds"
    return f"{left} of {plan.total} runs remain"


Averaging = Callable[[Sequence[ConfirmationRun]], ConfirmationRun | None]
"""The winner's runs → the average of their weights; None if there is none."""


def not_averaged(runs: Sequence[ConfirmationRun]) -> None:
    """Stands for an `Averaging` where no weights are averaged."""


def conclude(context: RunContext, plan: Confirmation, average: Averaging = not_averaged) -> None:
    """Write the result to the summary; if runs remain, how many have ended, and a warning."""
    folder = ConfirmationFolder(context.folder.confirmation)
    runs = folder.read()
    left = plan.total - so_far(plan, runs).ended
    if left:
        warning = f"the timeout was reached; confirmation runs that the same command will train: {left}"
        context.progress.note(warning)
        _write_unfinished(context, plan, runs, warnings=[*context.summary.warnings, warning])
        return
    own = plan.over == "rows" and not context.summary.reshuffle
    if own:
        runs = with_own_scores(runs, context.folder.read_trials())
    done = concluded(plan, runs, folder, context.summary.direction, own_scores=own)
    winner, best = done.winner, done.exported
    if winner is not None and best is not None:
        done = with_average(done, average(runs_of(plan, runs, winner)), context.summary.direction, best)
        if average is not_averaged:
            folder.drop_other_weights(winner, best.run)
    context.write(confirmation=done, best=None, model_folder=None, **UNTESTED)
    if average is not not_averaged:
        drop_losers(done, runs, folder, context.summary.direction)


def with_average(
    done: Confirmation, average: ConfirmationRun | None, direction: str, best: ConfirmationRun
) -> Confirmation:
    """The result with the average, which is exported if it scores at least the mean of the runs.

    Not the score of the best run: that is the highest of several, so it is somewhat too high.
    """
    mean = next((one.mean for one in done.candidates if one.trial == done.winner), None)
    if average is None or average.score is None or mean is None:
        return done
    sign = 1 if direction == "maximize" else -1
    done = replace(done, average=average, best_run=best)
    if sign * average.score < sign * mean:
        return done
    return replace(done, exported_run=average.run, exported=average)


def drop_losers(
    done: Confirmation, runs: Sequence[ConfirmationRun], folder: ConfirmationFolder, direction: str
) -> None:
    """Delete the weights of all runs but the best of each candidate that is not the winner."""
    from adaptkit.analysis.confirmation import best_run

    for trial in done.trials:
        best = best_run(runs_of(done, runs, trial), direction)
        if trial != done.winner and best is not None:
            folder.drop_other_weights(trial, best.run)


def _write_unfinished(
    context: RunContext, plan: Confirmation, runs: Sequence[ConfirmationRun], **changes: Any
) -> None:
    """Write how many runs have ended, unless an earlier confirmation of the same best trial still counts."""
    before = context.summary.confirmation
    if before is None or before.winner is None:
        changes["confirmation"] = so_far(plan, runs)
    elif before.searched_best != plan.searched_best:
        changes |= {"confirmation": so_far(plan, runs), "best": None, "model_folder": None, **UNTESTED}
    context.write(**changes)


def with_own_scores(runs: Sequence[ConfirmationRun], records: Sequence[TrialRecord]) -> list[ConfirmationRun]:
    """The runs with the scores of their trials.

    A head that is solved again is the same, except for where the solver stops. So its resamples say how much
    a difference varies, and the difference itself is that of the trials, by which the search chose.
    """
    own = {record.number: record.score for record in records}
    return [run if run.score is None else replace(run, score=own[run.trial]) for run in runs]


def concluded(
    plan: Confirmation, runs: Sequence[ConfirmationRun], folder: ConfirmationFolder, direction: str, *,
    own_scores: bool,
) -> Confirmation:  # fmt: skip
    """The plan with its result. A run can be exported only if its weights are kept.

    With ``own_scores`` the runs have the scores of their trials, and none is exported: the weights of the
    trial are, or those of its head solved on all rows.
    """
    from adaptkit.analysis.confirmation import best_run, candidate_of, winner_of

    of_trial = {trial: runs_of(plan, runs, trial) for trial in plan.trials}
    default = of_trial[plan.default]
    found = [
        candidate_of(trial, its, None if trial == plan.default else default)
        for trial, its in of_trial.items()
    ]
    winner = plan.searched_best if own_scores else winner_of(found, direction)
    its = [] if winner is None else of_trial[winner]
    exported = best_run([run for run in its if folder.has_weights(run.trial, run.run)], direction)
    if own_scores:
        exported = None
    return replace(
        plan, candidates=tuple(found), winner=plan.searched_best if winner is None else winner,
        exported_run=None if exported is None else exported.run,
        exported=None if exported is None else replace(exported, resampled=()),
    )  # fmt: skip
