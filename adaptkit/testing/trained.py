"""Tiny models trained by the study's own engine, on a few rows. Knows no check."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import calibrate, calibrated, predict_rows, score
from adaptkit.engine.prepare import Model, make_training
from adaptkit.engine.train import Population, Training
from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.errors import TrialError
from adaptkit.task import Row, Scores, Task

MICRO_BATCH = 4
MOST_EPOCHS = 80
LEARNT = 0.05
"""The share of the untrained model's loss at which rows are known by heart."""


@dataclass
class Watching:
    """A judge that proposes the trials of a list, and remembers what became of them."""

    waiting: list[Trial]
    enough: Callable[[RungReport], bool] = lambda report: False
    """Whether a trial need not be trained further."""

    reports: list[RungReport] = field(default_factory=list)
    outcomes: dict[int, Outcome] = field(default_factory=dict)

    def suggest(self, free: int) -> Sequence[Trial]:
        """The next ``free`` trials of the list."""
        taken, self.waiting = self.waiting[:free], self.waiting[free:]
        return taken

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Ends the trials that have learnt enough."""
        self.reports.extend(reports)
        return {report.trial.number: "learnt" for report in reports if self.enough(report)}

    def on_trial_end(self, outcome: Outcome) -> None:
        """Remembers how the trial ended."""
        self.outcomes[outcome.trial.number] = outcome

    def check(self) -> None:
        """Nothing ends it."""

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Goes on."""
        return True


@dataclass(frozen=True)
class Learnt:
    """A tiny model before and after it was trained on the rows that it is scored on."""

    loss_before: float
    loss_after: float
    before: Scores
    after: Scores
    epochs: int


def training_of(model: Model, task: Task, rows: Sequence[Row]) -> Training:
    """The rows, to be trained on and to be scored on."""
    return make_training(
        model, task, rows, rows, batch_sizes=(MICRO_BATCH,), rungs_per_epoch=1, seed=0,
        metric=task.metric.name, direction=task.metric.direction,
    )  # fmt: skip


def trained(training: Training, trials: Sequence[Trial], together: int) -> dict[int, Outcome]:
    """Number → what became of each trial, ``together`` of them in one pass."""
    watching = Watching(list(trials))
    Population(training, together, BatchLimits(slots=together, examples=MICRO_BATCH)).run(watching)
    return watching.outcomes


def by_heart(model: Model, task: Task, rows: Sequence[Row]) -> Learnt:
    """Trains the model on the rows until it knows them, or for `MOST_EPOCHS`.

    Raises:
        TrialError: an output was not finite, or decode, merge or the metric failed.
    """
    training = training_of(model, task, rows)
    loss_before, before = mean_loss(training, training.initial), scores(training, training.initial)
    trial = Trial(number=0, learning_rate=3e-3, batch_size=MICRO_BATCH, epochs=MOST_EPOCHS)
    watching = Watching([trial], enough=lambda report: report.loss < LEARNT * loss_before)
    Population(training, 1, BatchLimits(slots=1, examples=MICRO_BATCH)).run(watching)
    if not watching.reports or watching.outcomes[0].state == "fail":
        raise TrialError(watching.outcomes[0].reason)
    last = watching.reports[-1]
    return Learnt(loss_before, last.loss, before, last.scores, len(watching.reports))


@torch.no_grad()
def losses_of(training: Training, row: torch.Tensor) -> torch.Tensor:
    """The weighted loss of each item, flat, with a row's weights ``[P]``, on the longest examples.

    Not the outputs: rounding alone moves what no loss sees of them, such as a bias that all choices share.
    """
    forward, batch = training.forward, training.buckets[-1].tensors
    forward.module.eval()
    outputs = forward.outputs(_parameters(training, row), batch)  # name → [1, batch, ...]
    losses, weights = forward.task.loss({name: output[0] for name, output in outputs.items()}, batch)
    return (losses * weights).flatten()  # [items]


@torch.no_grad()
def mean_loss(training: Training, row: torch.Tensor) -> float:
    """The mean loss per item with a row's weights ``[P]``, without dropout."""
    training.forward.module.eval()
    loss, weight = 0.0, 0.0
    for bucket in training.buckets:
        batch = {name: tensor.unsqueeze(0) for name, tensor in bucket.tensors.items()}  # [1, batch, ...]
        valid = torch.ones(1, len(bucket.positions))  # [1, batch]
        losses, weights = training.forward.losses(_parameters(training, row), batch, valid)
        loss, weight = loss + float(losses), weight + float(weights)
    return loss / max(weight, 1e-12)


def scores(training: Training, row: torch.Tensor) -> Scores:
    """The scores with a row's weights ``[P]``, calibrated as a study's are.

    Raises:
        TrialError: an output was not finite, or decode, merge or the metric failed.
    """
    dev = training.dev
    limits = BatchLimits(slots=1, examples=MICRO_BATCH)
    (result,) = predict_rows(training.forward, _parameters(training, row), dev, limits)
    if isinstance(result, TrialError):
        raise result
    calibration = calibrate(dev.task, result, dev.rows)
    return score(dev.task, calibrated(dev.task, result, calibration), dev.rows, training.metric)


def _parameters(training: Training, row: torch.Tensor) -> dict[str, torch.Tensor]:
    """Name → ``[1, *shape]``."""
    layout = training.layout
    return {name: row[layout.columns[name]].view(1, *shape) for name, shape in layout.shapes.items()}
