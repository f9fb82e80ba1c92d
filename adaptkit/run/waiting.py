"""How long a study will train, from the measured speed, before the first trial is scored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.report import formatting
from adaptkit.run.refit import trainings_of
from adaptkit.run.repeated import repeated
from adaptkit.run.resolve import strategy_of
from adaptkit.run.soup import study_averages

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.capacity import Capacity
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method

LONG = 600.0
"""Seconds of training on a CPU from which on a study says so first."""

SCORING = 1.2
"""Training with its evaluations, in units of training alone: at most a fifth more."""


def expected_seconds(capacity: Capacity, *, trials: int, rungs: int) -> float | None:
    """The seconds that so many trials take if none is pruned; None if the speed was not measured.

    Args:
        capacity: what was measured.
        trials: the trials to train.
        rungs: the rungs of a complete trial.
    """
    speed = capacity.speeds.get(capacity.limits.slots, 0.0)  # examples per second
    plan = capacity.training.plan
    if speed <= 0:
        return None
    return SCORING * trials * plan.examples * rungs / plan.rungs_per_epoch / speed


def show_waiting(
    context: RunContext, config: StudyConfig, method: Method, data: Dataset, capacity: Capacity, *,
    trials: int, rungs: int,
) -> None:  # fmt: skip
    """Show how long search, confirmation and refit take at most; on a CPU warn, and name what is quicker."""
    seconds = expected_seconds(capacity, trials=trials, rungs=rungs)
    if not seconds:
        return
    again = repeated(config, config.search.trials)
    averages = study_averages(context, config, method.ranges, capacity.training)
    refit = trainings_of(config, method, data, again, averages=averages)
    trainings = {"confirmation": again.total, "refit": refit}
    after = {name: seconds / trials * number for name, number in trainings.items() if number}
    words = "".join(f", {name}: {formatting.duration(one)}" for name, one in after.items())
    shown = f"search: about {formatting.duration(seconds)} at most{words}"
    device = capacity.training.forward.device.type
    if device != "cpu" or seconds + sum(after.values()) < LONG:
        context.progress.phase(shown)
        return
    pruned = "; pruning makes it shorter" if config.search.pruning else ""
    frozen = "--strategy frozen, " if strategy_of(config).trains_encoder else ""
    context.progress.note(
        f"{shown}, on this CPU{pruned}. What is quicker: {frozen}fewer --trials, a smaller --model, or "
        "--timeout 10m, which keeps the best trial so far"
    )
