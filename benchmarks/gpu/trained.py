"""A training on made rows with a random model, for the checks of memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.prepare import make_training, prepare_model
from adaptkit.engine.train import populate
from adaptkit.engine.training import Training
from adaptkit.engine.types import RungReport, Trial
from adaptkit.models.loading import load_model
from adaptkit.strategies.registry import built_in
from adaptkit.tasks import registry
from benchmarks.speed.random_models import random_model
from benchmarks.speed.rows import made_rows
from benchmarks.train_all import TrainAll

TASK = "text-classification"
BATCH_SIZE = 32
TRIALS = 4


@dataclass(frozen=True, kw_only=True)
class Size:
    """What is trained."""

    model: str
    """A name in `benchmarks.speed.random_models.SIZES`."""

    rows: int
    length: int
    """Tokens of a row."""


def prepared(size: Size, strategy: str, device: str) -> Training:
    """The training of one strategy, with its data on the device."""
    task = registry.load(TASK)
    with TemporaryDirectory() as place:
        folder = Path(place)
        made = made_rows(TASK, folder, train=size.rows, dev=64, length=size.length, seed=0)
        data = load(task, DataConfig(train=made.train, dev=made.dev), 0)
        model = str(random_model(size.model, folder / "model"))
        loaded = load_model(task, model, data.labels, seed=0, max_length=size.length)
        way = built_in(strategy, 8)
        ready = prepare_model(task, loaded, data.labels, way, device=device, bfloat16=device == "cuda")
        return make_training(
            ready, task, data.train.values, data.dev.values, batch_sizes=(BATCH_SIZE,), rungs_per_epoch=1,
            seed=0, metric=task.metric.name, direction=task.metric.direction,
        )  # fmt: skip


def train(training: Training, slots: int, limits: BatchLimits) -> list[RungReport]:
    """Trains `TRIALS` trials for one epoch, and returns their reports by number."""
    trials = [
        Trial(number=number, learning_rate=1e-5, batch_size=BATCH_SIZE, epochs=1, seed=number)
        for number in range(TRIALS)
    ]
    scheduler = TrainAll(trials)
    torch.manual_seed(0)
    populate(training, slots, limits).run(scheduler)
    return sorted(scheduler.reports, key=lambda report: report.trial.number)
