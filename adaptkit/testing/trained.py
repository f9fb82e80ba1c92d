"""Tiny models, trained by the engine on a few rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.prepare import Model, make_training
from adaptkit.engine.scoring import score_slot
from adaptkit.engine.train import Population
from adaptkit.engine.training import Training
from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.errors import TrialError
from adaptkit.task import Row, Scores, Task

MICRO_BATCH = 4
MOST_EPOCHS = 80
LEARNT = 0.05
"""The fraction of the untrained model's loss at which the model has overfitted."""


@dataclass
class ListScheduler:
    """A scheduler that suggests the trials of a list, and records their results."""

    waiting: list[Trial]
    enough: Callable[[RungReport], bool] = lambda report: False
    """Whether a trial can stop."""

    reports: list[RungReport] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def suggest(self, free: int) -> Sequence[Trial]:
        """The next ``free`` trials of the list."""
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return taken

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Stop the trials that have learnt enough."""
        self.reports.extend(reports)
        return {report.trial.number: "learnt" for report in reports if self.enough(report)}

    def on_trial_end(self, outcome: Outcome) -> None:
        """Record how the trial ended."""
        self.outcomes[outcome.trial.number] = outcome

    def check(self) -> None:
        """Nothing interrupts the training."""

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Continue."""
        return True


@dataclass(frozen=True)
class Learnt:
    """The results of a tiny model before and after training on the rows that it is scored on."""

    loss_before: float
    loss_after: float
    before: Scores
    after: Scores
    epochs: int


def training_of(model: Model, task: Task, rows: Sequence[Row]) -> Training:
    """A training on the rows, which are also the dev rows."""
    return make_training(
        model, task, rows, rows, batch_sizes=(MICRO_BATCH,), rungs_per_epoch=1, seed=0,
        metric=task.metric.name, direction=task.metric.direction,
    )  # fmt: skip


def unaugmented(training: Training) -> Training:
    """The training on batches as they were collated, which a plain loop has, too."""
    return replace(training, forward=replace(training.forward, augment=None))


def trained(training: Training, trials: Sequence[Trial], together: int) -> dict[int, Outcome]:
    """Train the trials, ``together`` of them in one pass: number → outcome."""
    scheduler = ListScheduler(list(trials))
    Population(training, together, BatchLimits(slots=together, examples=MICRO_BATCH)).run(scheduler)
    return scheduler.outcomes


def overfit(model: Model, task: Task, rows: Sequence[Row]) -> Learnt:
    """Train the model on the rows until it has overfitted, or for `MOST_EPOCHS`.

    Raises:
        TrialError: an output is not finite, or decode, merge_windows or the metric failed.
    """
    training = unaugmented(training_of(model, task, rows))
    loss_before, before = mean_loss(training, training.initial), scores(training, training.initial)
    trial = Trial(number=0, learning_rate=3e-3, batch_size=MICRO_BATCH, epochs=MOST_EPOCHS)
    scheduler = ListScheduler([trial], enough=lambda report: report.loss < LEARNT * loss_before)
    Population(training, 1, BatchLimits(slots=1, examples=MICRO_BATCH)).run(scheduler)
    if not scheduler.reports or scheduler.outcomes[0].state == "fail":
        raise TrialError(scheduler.outcomes[0].reason)
    last = scheduler.reports[-1]
    return Learnt(loss_before, last.loss, before, last.scores, len(scheduler.reports))


@torch.no_grad()
def losses_of(training: Training, parameters: torch.Tensor) -> torch.Tensor:
    """The weighted loss of each item, flat, with these ``parameters [P]``, on the longest examples.

    Losses are compared, not outputs: rounding changes parts of the outputs that do not affect the loss, for
    example a bias that all choices share.
    """
    forward, batch = training.forward, training.buckets[-1].tensors
    forward.module.eval()
    outputs = forward.outputs(_by_name(training, parameters), batch)  # name → [1, batch, ...]
    losses, weights = forward.task.loss({name: output[0] for name, output in outputs.items()}, batch)
    return (losses * weights).flatten()  # [items]


@torch.no_grad()
def mean_loss(training: Training, parameters: torch.Tensor) -> float:
    """The mean loss per item with these ``parameters [P]``, without dropout."""
    training.forward.module.eval()
    loss, weight = 0.0, 0.0
    for bucket in training.buckets:
        batch = {name: tensor.unsqueeze(0) for name, tensor in bucket.tensors.items()}  # [1, batch, ...]
        valid = torch.ones(1, len(bucket.positions))  # [1, batch]
        losses, weights = training.forward.losses(_by_name(training, parameters), batch, valid)
        loss, weight = loss + float(losses), weight + float(weights)
    return loss / max(weight, 1e-12)


def scores(training: Training, parameters: torch.Tensor) -> Scores:
    """The scores with these ``parameters [P]``, calibrated as in a study.

    Raises:
        TrialError: an output is not finite, or decode, merge_windows or the metric failed.
    """
    return score_slot(training, parameters)[1]


def _by_name(training: Training, parameters: torch.Tensor) -> dict[str, torch.Tensor]:
    """Name → ``[1, *shape]``."""
    layout = training.layout
    return {name: parameters[layout.columns[name]].view(1, *shape) for name, shape in layout.shapes.items()}
