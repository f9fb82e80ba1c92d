"""What engine and search exchange: trials, their scores after each rung, and how they ended.

The engine does not depend on Optuna, files or a terminal: it asks a `Scheduler`. So the same engine runs
under a search, with a plain list in a test, or on another machine.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

from adaptkit.task import Prediction, Scores

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The hyperparameters of one trial."""

    number: int
    learning_rate: float
    """The peak; it rises linearly over the warm-up and then falls linearly to 0."""

    batch_size: int
    """The effective batch size: examples in one optimiser step."""

    epochs: float
    weight_decay: float = 0.01
    warmup: float = 0.1
    """The share of the optimiser steps that warm up."""

    l2: float = 0.0
    """The weight of the L2 penalty of a head that is solved; gradient steps do not use it."""

    seed: int = 0
    """Decides the order of its data, and where it starts if `Training.initials` has the seed."""

    split: int = 0
    """The rows that it is trained on and scored by: see `Training.splits`. 0: those of the study."""

    patience: int = 0
    """The trial ends after so many rungs in a row without a better score; 0 for no such end."""

    tolerance: float = 0.0
    """It keeps the last of its rungs whose score is worse than the best by at most so many standard errors of
    the best. 0: it keeps the first of the best."""


@dataclass(frozen=True, kw_only=True)
class RungReport:
    """A trial's scores after one rung."""

    trial: Trial
    rung: int
    """Counted from the trial's own start, from 0."""

    epoch: float
    loss: float
    """The mean loss per item over the rung."""

    score: float
    scores: Scores
    last: bool
    """Whether the trial is trained to its end."""

    calibration: Mapping[str, float] = field(default_factory=dict)
    """The numbers that the task chose on the dev rows, such as a threshold."""


OutcomeState = Literal["complete", "pruned", "fail", "stopped"]
"""How a trial ended. "stopped": `Scheduler.on_micro_step` stopped it before its end, scored or not."""

UNSCORED = "stopped before its first score: the timeout was reached"
"""The reason of a trial that was stopped before it was scored."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a trial ended."""

    trial: Trial
    state: OutcomeState
    reason: str
    kept: RungReport | None
    """The rung whose parameters are kept, by its tolerance; None if it was never scored."""

    parameters: torch.Tensor | None
    """``[P]``: its trainable parameters at the kept rung, on the CPU."""

    seconds: float
    predictions: Sequence[Prediction] | None = None
    """One per dev row at the kept rung, before the calibration; None if it was never scored."""


class Scheduler(Protocol):
    """Proposes trials and decides which of them continue."""

    def suggest(self, free: int) -> Sequence[Trial]:
        """At most ``free`` new trials; none when there are no more."""

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Takes the scores after a rung and returns the trials to prune, number → reason."""

    def on_trial_end(self, outcome: Outcome) -> None:
        """Takes a trial that has ended. When this returns, the trial is recorded and its slot is free."""

    def check(self) -> None:
        """Called after every batch of scoring; may raise to end the run at once."""

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Called after every micro-step with what it trained on, padding apart; False stops all trials."""
