"""Trains a grid of trials without pruning, and writes their scores after each rung to a table.

    python -m benchmarks.curves.collect --data FOLDER --sets banking77,snli --rows 100 --strategies full,lora

A group of trials (data set, rows, strategy, start of the head, seed, run) is trained together and added to
``curves.csv`` when it has ended. The seed draws the rows. With ``--runs 3``, each configuration is trained
three times on them, with a data order and dropout of its own; the first runs of all groups come first. Groups
that the table holds are skipped, so that the script can be stopped and continued. The rows that score a trial
are held out: ``dev`` as in a study, and ``test``. Epochs, evaluations, the encoder's layers and the default
rate are those of a study at default options.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from adaptkit.config import DEFAULT_MODEL, DataConfig, SearchConfig
from adaptkit.data.load import Dataset, load
from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.head_init import solve_head
from adaptkit.engine.prepare import make_training, prepare_model, rungs_per_epoch_for
from adaptkit.engine.schedule import steps_of
from adaptkit.engine.train import populate
from adaptkit.engine.training import Training
from adaptkit.engine.types import RungReport, Trial
from adaptkit.models.depth import TOKEN_HEADS, default_layers, width_of, with_layers
from adaptkit.models.loading import LoadedModel, load_model
from adaptkit.models.pooling import CHECKPOINT, with_pooling
from adaptkit.run.penalty import penalty_space
from adaptkit.search.space import RANGES_VERSION, Space, space_for
from adaptkit.strategies.registry import built_in
from adaptkit.task import Metric, Scores, Task
from adaptkit.tasks import registry
from benchmarks.baselines.data_sets import READERS, subset, write
from benchmarks.train_all import TrainAll

TABLE = Path(__file__).parent / "curves.csv"
CONFIGURATIONS = ((0.25, 16), (1.0, 16), (2.0, 16), (4.0, 16), (2.0, 64))
"""What is trained: the rate in units of the default rate, and the batch size."""

DEV_ROWS, TEST_ROWS = 100, 60
RUN_NUMBERS = 100
POOLING = {"text-classification": "mean", "nli": "pair", "similarity": "pair", "ner": ""}


COLUMNS = (
    "set", "rows", "strategy", "start", "seed", "epochs", "layers", "dev_rows", "test_rows", "run",
    "learning_rate", "batch_size", "rung", "epoch", "steps", "loss", "dev", "test", "cpu_seconds",
)  # fmt: skip
"""Of the table."""


@dataclass(frozen=True)
class Group:
    """Trials that are trained together."""

    set: str
    rows: int
    strategy: str
    start: str
    """"solved" or "random": the head at the start."""

    seed: int
    run: int
    """Which training of each configuration it is, from 0."""


def main(arguments: Sequence[str]) -> None:
    """Trains all groups that were asked for and are not in the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.curves.collect")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--sets", default="banking77,wnut17,stsb,snli")
    parser.add_argument("--rows", default="100")
    parser.add_argument("--strategies", default="full,lora")
    parser.add_argument("--starts", default="solved")
    parser.add_argument("--seeds", default="0")
    parser.add_argument("--runs", type=int, default=1)
    options = parser.parse_args(arguments)
    groups = [
        Group(name, int(rows), strategy, start, int(seed), run)
        for run in range(options.runs)
        for seed in options.seeds.split(",")
        for rows in options.rows.split(",")
        for name in options.sets.split(",")
        for strategy in options.strategies.split(",")
        for start in options.starts.split(",")
    ]
    done = {tuple(str(line[name]) for name in vars(groups[0])) for line in table()}
    for group in groups:
        if tuple(map(str, vars(group).values())) not in done:
            _append(_curves(options.data, group))
            print(group, flush=True)


def table() -> list[dict[str, str]]:
    """The table so far."""
    if not TABLE.exists():
        return []
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _append(lines: Sequence[Mapping[str, Any]]) -> None:
    new = not TABLE.exists()
    with TABLE.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=COLUMNS)
        if new:
            writer.writeheader()
        writer.writerows(lines)


def _curves(folder: Path, group: Group) -> list[dict[str, Any]]:
    """One line for each rung of each trial of a group."""
    started = time.process_time()
    name = READERS[group.set][0]
    task = registry.load(name)
    layers = default_layers(task, DEFAULT_MODEL)
    space = _space(task, group)
    task = with_layers(with_pooling(task, POOLING[name]), layers)
    data = _data(folder, group, task)
    assert data.test is not None
    metric, dev = task.metric, len(data.dev)
    scored = replace(task, metric=_of_both(metric, dev))
    loaded = load_model(task, DEFAULT_MODEL, data.labels, seed=group.seed, max_length=128)
    start = None
    if group.start == "solved":
        start = _solve(loaded, scored, data, group)
    model = prepare_model(
        scored, loaded, data.labels, built_in(group.strategy, 8), device="cpu", bfloat16=_bfloat16()
    )
    training = make_training(
        model, scored, data.train.values, [*data.dev.values, *data.test.values],
        batch_sizes=sorted({size for _, size in CONFIGURATIONS}),
        rungs_per_epoch=rungs_per_epoch_for(group.rows, DEV_ROWS), seed=group.seed, metric="dev",
        direction=metric.direction,
    )  # fmt: skip
    reports = _trained(training, group, space)
    about = {
        "layers": layers,
        "dev_rows": dev,
        "test_rows": len(data.test),
        "cpu_seconds": round((time.process_time() - started) / len(CONFIGURATIONS), 1),
    }
    lines = [_line(group, training, report, about) for report in reports]
    if start is not None:
        first = {"rung": 0, "epoch": 0.0, "steps": 0, "loss": "", **start}
        lines.insert(0, {**lines[0], "learning_rate": "", "batch_size": "", **first})
    return lines


def _space(task: Task, group: Group) -> Space:
    """What a study at default options searches."""
    strategy, on_tokens = built_in(group.strategy, 8), task.head in TOKEN_HEADS
    width = width_of(DEFAULT_MODEL)
    return space_for(strategy, SearchConfig(), task.hints, rows=group.rows, width=width, on_tokens=on_tokens)


def _data(folder: Path, group: Group, task: Task) -> Dataset:
    _, columns, reader = READERS[group.set]
    pool = subset(reader(folder, "train"), str(group.rows + DEV_ROWS), group.seed)
    with tempfile.TemporaryDirectory() as place:
        train, dev, test = (
            str(write(Path(place, split), columns, rows))
            for split, rows in (
                ("train", pool[: group.rows]),
                ("dev", pool[group.rows :]),
                ("test", subset(reader(folder, "test"), str(TEST_ROWS), 0)),
            )
        )
        return load(task, DataConfig(train=train, dev=dev, test=test), group.seed)


def _of_both(metric: Metric, dev: int) -> Metric:
    """The metric on the first ``dev`` rows and on the rest."""

    def compute(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        parts = {"dev": slice(None, dev), "test": slice(dev, None)}
        found = {name: metric.compute(predictions[part], rows[part]) for name, part in parts.items()}
        return Scores(values={name: scores.values[metric.name] for name, scores in found.items()})

    return Metric(name="dev", direction=metric.direction, compute=compute, others={"test": metric.direction})


def _solve(loaded: LoadedModel, task: Task, data: Dataset, group: Group) -> dict[str, float]:
    """Puts the solved head on the model; gives its scores."""
    assert data.test is not None
    copied = replace(loaded, module=deepcopy(loaded.module))
    frozen = prepare_model(
        task, copied, data.labels, built_in("frozen", 8), device="cpu", bfloat16=_bfloat16()
    )
    solved = solve_head(
        frozen, task, data.train.values, [*data.dev.values, *data.test.values],
        l2=penalty_space(task, POOLING[task.name] or CHECKPOINT, RANGES_VERSION).default_l2,
        seed=group.seed, metric="dev", direction=task.metric.direction,
    )  # fmt: skip
    assert solved is not None
    for name, weight in solved.weights.items():
        loaded.module.get_parameter(name).data.copy_(weight)
    return {name: round(value, 4) for name, value in solved.scores.values.items()}


def _trained(training: Training, group: Group, space: Space) -> list[RungReport]:
    """One training of each configuration. The numbers of its trials start at ``run * RUN_NUMBERS``."""
    trials = [
        Trial(
            number=number,
            learning_rate=float(f"{rate * space.default_learning_rate:.3g}"),
            batch_size=size,
            epochs=space.epochs,
            seed=1000 + number,
            weight_decay=space.weight_decay,
            warmup=space.warmup,
        )
        for number, (rate, size) in enumerate(CONFIGURATIONS, start=group.run * RUN_NUMBERS)
    ]
    scheduler = TrainAll(trials)
    torch.manual_seed(group.seed + group.run)
    limits = BatchLimits(slots=1, examples=32)
    population = populate(training, len(trials), limits)
    population.run(scheduler)
    return scheduler.reports


def _line(group: Group, training: Training, report: RungReport, about: Mapping[str, float]) -> dict[str, Any]:
    trial = report.trial
    return {
        **vars(group),
        **about,
        "epochs": trial.epochs,
        "learning_rate": trial.learning_rate,
        "batch_size": trial.batch_size,
        "rung": report.rung + 1,
        "epoch": report.epoch,
        "steps": round(steps_of(trial, training.plan) * report.epoch / trial.epochs),
        "loss": round(report.loss, 4),
        "dev": round(report.scores.values["dev"], 4),
        "test": round(report.scores.values["test"], 4),
    }


def _bfloat16() -> bool:
    """As a study with the precision "auto" on this machine."""
    from adaptkit.config import StudyConfig
    from adaptkit.run.resolve import Machine

    return Machine.of(StudyConfig(task="ner", device="cpu")).precision == "bf16"


if __name__ == "__main__":
    main(sys.argv[1:])
