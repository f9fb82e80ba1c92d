"""Trains the remaining trials of a study as a population, until the total or the timeout is reached."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from adaptkit.errors import Interrupted
from adaptkit.run.evaluations import BEST_RUNG, EvaluationRule

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.training import Training
    from adaptkit.run.context import RunContext
    from adaptkit.run.scheduler import TrialScheduler
    from adaptkit.search.search import Search


def train_trials(
    context: RunContext, config: StudyConfig, capacity: Capacity, search: Search, *,
    rungs: int, rule: EvaluationRule,
) -> None:  # fmt: skip
    """Train the remaining trials, and record how each ends.

    Args:
        context: the run.
        config: the study's configuration.
        capacity: how many trials are trained together, and with what.
        search: suggests the trials.
        rungs: the rungs of a complete trial.
        rule: when a trial ends without a better score, and which of its rungs is kept.

    Raises:
        Interrupted: a signal was received. The running trials are recorded as interrupted.
    """
    plan = capacity.training.plan
    context.progress.expected(int(search.remaining * plan.examples * rungs / plan.rungs_per_epoch))
    trainer = context.trainer
    workers = f" on each of {trainer.workers} workers" if trainer.workers > 1 else ""
    context.progress.phase(f"training, {capacity.in_words()}{workers}")
    scheduler = make_scheduler(context, config, capacity.training, search, rungs, rule)
    run_recorded(
        context, capacity.training, scheduler, search,
        lambda: trainer.train(
            capacity.training, capacity.slots, capacity.limits, scheduler, context.progress
        ),
    )  # fmt: skip


def run_recorded(
    context: RunContext,
    training: Training,
    scheduler: TrialScheduler,
    search: Search,
    work: Callable[[], None],
) -> None:
    """Do the work that ends trials; if it is interrupted or fails, record the running trials as such.

    Args:
        context: the run.
        training: what the trials are trained with.
        scheduler: knows the running trials.
        search: knows how many trials remain.
        work: trains the trials.

    Raises:
        Interrupted: a signal was received.
    """
    try:
        work()
    except Interrupted as interrupted:
        scheduler.interrupt(interrupted.problem)
        raise
    except Exception as error:
        context.check_study()  # the cause may be that someone has removed the study
        with suppress(Exception):  # trials that cannot be recorded now are found at the next start
            scheduler.interrupt(f"{type(error).__name__}: {error}")
        raise
    finally:
        write_costs(context, training)
    scheduler.restore()
    if scheduler.cut_short or (scheduler.time_is_up and search.remaining):
        warning = timeout_warning(scheduler.cut_short, search.remaining)
        context.progress.note(warning)
        context.write(warnings=[*context.summary.warnings, warning])


def make_scheduler(
    context: RunContext, config: StudyConfig, training: Training, search: Search, rungs: int,
    rule: EvaluationRule = BEST_RUNG, *, keep_default: bool = False,
) -> TrialScheduler:  # fmt: skip
    """The scheduler between the engine and the study. ``keep_default`` keeps the default's weights, too."""
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.run.ended_trials import EndedTrials
    from adaptkit.run.scheduler import Rules, TrialScheduler

    pruning, metric = config.search.pruning, context.summary.metric
    return TrialScheduler(
        search,
        EndedTrials(
            context.folder,
            context.summary.direction,
            training.vocabulary,
            some_head_inputs(training),
            keep_default=keep_default,
        ),
        context.progress,
        Rules(metric=metric, rungs=rungs, pruning=pruning, evaluations=rule),
        deadline=time.monotonic() + (config.search.timeout or math.inf),
        check=context.check,
        check_study=context.check_study,
        announce=context.announce,
    )


def write_costs(context: RunContext, training: Training) -> None:
    """Write the time and the memory that the training took."""
    from adaptkit.system.devices import peak_memory_bytes

    context.clock.add(training.seconds)
    peak = peak_memory_bytes(str(training.forward.device))
    context.write(peak_memory_bytes=max(context.summary.peak_memory_bytes, peak))


def timeout_warning(cut_short: int, remaining: int) -> str:
    """What happened to the trials that were not complete when the timeout was reached."""
    parts = ["the timeout was reached"]
    if cut_short:
        parts.append(f"trials that were stopped early and count with their scores so far: {cut_short}")
    if remaining:
        parts.append(f"trials that remain, and that the same command will train: {remaining}")
    return "; ".join(parts)
