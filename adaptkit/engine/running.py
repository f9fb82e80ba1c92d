"""A trial in training: how far it has come, its best rung so far, and the rung that it keeps."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from adaptkit.data.plan import Plan
from adaptkit.engine.batches import SlotClock
from adaptkit.engine.types import RungReport, Trial
from adaptkit.errors import TrialError
from adaptkit.task import Prediction


@dataclass(kw_only=True)
class Running:
    """A trial in training, and how far it has come."""

    trial: Trial
    rungs: int
    steps: int
    rung: int = 0
    step: int = 0
    in_batch: int = 0
    """Examples seen since its last optimiser step."""

    loss: float = math.nan
    best: RungReport | None = None
    best_predictions: Sequence[Prediction] = ()
    not_better: int = 0
    """Rungs in a row since its best score."""

    error: float | None = None
    """The standard error of its best score; None until a score that is not better is compared with it."""

    kept: RungReport | None = None
    kept_predictions: Sequence[Prediction] | None = None
    kept_parameters: torch.Tensor | None = None
    """``[P]``, on the CPU."""

    failure: TrialError | None = None
    started: float = field(default_factory=time.monotonic)

    def set_best(self, report: RungReport, predictions: Sequence[Prediction]) -> None:
        """Takes a rung as the best so far, with its predictions before the calibration."""
        self.best, self.best_predictions = report, predictions
        self.error, self.not_better = None, 0

    def keep(self, report: RungReport, predictions: Sequence[Prediction], parameters: torch.Tensor) -> None:
        """Keeps a rung instead of the one kept so far; ``parameters [P]`` are on the CPU."""
        self.kept, self.kept_predictions, self.kept_parameters = report, predictions, parameters

    def clock(self, plan: Plan) -> SlotClock:
        """Its position in its data."""
        epoch, rung = divmod(self.rung, plan.rungs_per_epoch)
        return SlotClock(seed=self.trial.seed, epoch=epoch, rung=rung, split=self.trial.split)

    def epoch(self, plan: Plan) -> float:
        """The epochs it has seen when the current rung ends."""
        return (self.rung + 1) / plan.rungs_per_epoch

    def batch_is_full(self, plan: Plan, *, rung_ends: bool) -> bool:
        """Whether an optimiser step is due: at a full batch, or at the rest of one when an epoch ends."""
        epoch_ends = rung_ends and (self.rung + 1) % plan.rungs_per_epoch == 0
        only_step = rung_ends and self.rung + 1 == self.rungs and self.step == 0
        return self.in_batch >= self.trial.batch_size or ((epoch_ends or only_step) and self.in_batch > 0)
