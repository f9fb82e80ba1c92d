"""Between engine and search: hyperparameters go in, scores come out rung by rung, a judge decides.

The engine knows no Optuna, no files and no terminal; whoever gives it a `Scheduler` does. So the same
engine runs under a search, under a plain list in a test, or on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from adaptkit.task import Scores

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What one trial is to be trained with."""

    number: int
    learning_rate: float
    """The peak; it rises linearly over the warm-up and then falls linearly to 0."""

    batch_size: int
    """The effective batch size: examples in one optimiser step."""

    epochs: float
    weight_decay: float = 0.01
    warmup: float = 0.1
    """The share of the optimiser steps that warm up."""

    seed: int = 0
    """The order of its data depends on this and on nothing else."""


@dataclass(frozen=True, kw_only=True)
class RungReport:
    """A trial's standing after one rung."""

    trial: Trial
    rung: int
    """Counted from the trial's own start, from 0."""

    epoch: float
    loss: float
    """The mean loss per item over the rung."""

    score: float
    scores: Scores
    last: bool
    """Whether the trial has been trained to its end."""

    calibration: Mapping[str, float] = field(default_factory=dict)
    """What the task calibrated on the dev rows."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a trial ended."""

    trial: Trial
    state: Literal["complete", "pruned", "fail"]
    reason: str
    best: RungReport | None
    """Its best rung, None if it was never scored."""

    parameters: torch.Tensor | None
    """``[P]``: its trainable parameters at the best rung, on the CPU."""

    seconds: float


class Scheduler(Protocol):
    """Whoever proposes trials and decides which of them go on."""

    def suggest(self, free: int) -> Sequence[Trial]:
        """At most ``free`` new trials; none when there are no more."""

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Takes the scores after a rung; gives the trials to prune, number → why. None at the last."""

    def on_trial_end(self, outcome: Outcome) -> None:
        """A trial has ended; its slot is free. What this returns from is acknowledged."""

    def check(self) -> None:
        """While trials are scored, after every batch; raises whatever is to end the run at once."""

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """After every micro-step, with what it trained on (padding apart); False stops all trials."""
