"""A trial's schedule: how many optimiser steps it takes, and the learning rate of each."""

from __future__ import annotations

import math

from adaptkit.data.plan import Plan
from adaptkit.engine.types import Trial


def rungs_of(trial: Trial, plan: Plan) -> int:
    """The rungs that a trial is trained for: its epochs in rungs, at least one."""
    return max(1, round(trial.epochs * plan.rungs_per_epoch))


def steps_of(trial: Trial, plan: Plan) -> int:
    """The optimiser steps of the complete trial, at least one.

    An epoch ends with a step on the rest of its examples. An incomplete batch in a fraction of an epoch at
    the end of the trial takes no step, unless it would be the only one.
    """
    epochs, rungs = divmod(rungs_of(trial, plan), plan.rungs_per_epoch)
    rest = sum(plan.rung_sizes()[:rungs]) // trial.batch_size
    return max(1, epochs * math.ceil(plan.examples / trial.batch_size) + rest)


def learning_rate(trial: Trial, step: int, steps: int) -> float:
    """The rate of optimiser step ``step`` (from 0) of ``steps``: up linearly, then down linearly.

    As in BERT's fine-tuning (Devlin et al. 2019, https://arxiv.org/abs/1810.04805), but never 0.
    """
    warm = round(trial.warmup * steps)
    if step < warm:
        return trial.learning_rate * (step + 1) / (warm + 1)
    return trial.learning_rate * (steps - step) / (steps - warm)
