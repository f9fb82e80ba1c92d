"""Trains one trial for so many rungs without scoring it: no rows are left to score it on."""

from __future__ import annotations

from collections.abc import Callable

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.train import populate
from adaptkit.engine.training import Training
from adaptkit.engine.types import Trial


def trained_for(
    training: Training,
    trial: Trial,
    *,
    rungs: int,
    limits: BatchLimits,
    on_micro_step: Callable[[int, int], bool],
) -> torch.Tensor | None:
    """The parameters ``[P]`` of the trial after ``rungs`` rungs, on the CPU; None if it was stopped.

    Args:
        training: the model and the data.
        trial: its schedule is that of its own epochs, of which the rungs are the first.
        rungs: how many, at least one.
        limits: of one pass.
        on_micro_step: `adaptkit.engine.types.Scheduler.on_micro_step`.

    Raises:
        TrialError: the trial diverged, or memory ran out.
    """
    population = populate(training, 1, limits)
    population.start(trial)
    one = population.running[0]
    for _ in range(rungs):
        if not population.train_rung(on_micro_step):
            return None
        if one.failure is not None:
            raise one.failure
        one.rung += 1
    return population.stack.theta[0].to("cpu", copy=True)  # [P]
