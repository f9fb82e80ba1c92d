"""Trains a grid of trials without pruning, and writes their scores after each rung to a table.

    python -m benchmarks.curves.collect --data FOLDER --sets banking77,snli --rows 100 --strategies full,lora

A group of trials (data set, rows, strategy, start of the head, seed, run) is trained together and added to
``curves.csv`` when it has ended. The seed draws the rows. With ``--runs 3``, each configuration is trained
three times on them, with a data order and dropout of its own; the first runs of all groups come first. Groups
that the table holds are skipped, so that the script can be stopped and continued. The rows that score a trial
are held out: ``dev`` as in a study, and ``test``. Epochs, evaluations, the encoder's layers, how two texts
are read, and the default rate are those of a study at default options.

``--rows 1275 --dev-rows 225 --test-rows 1000 --rates 1`` trains the default trial alone, as a study of 1,500
rows does. ``--model FOLDER`` takes another encoder, whose curves are in a table of its own.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.schedule import steps_of
from adaptkit.engine.train import populate
from adaptkit.engine.training import Training
from adaptkit.engine.types import RungReport
from adaptkit.search.space import Space
from benchmarks.curves.prepared import Group, Settings, prepared, trial_of
from benchmarks.train_all import TrainAll

CONFIGURATIONS = ((0.25, 16), (1.0, 16), (2.0, 16), (4.0, 16), (2.0, 64))
"""What is trained: the rate in units of the default rate, and the batch size."""

DEV_ROWS, TEST_ROWS = 100, 60
RUN_NUMBERS = 100


COLUMNS = (
    "set", "rows", "strategy", "start", "seed", "epochs", "layers", "dev_rows", "test_rows", "run",
    "learning_rate", "batch_size", "rung", "epoch", "steps", "loss", "dev", "test", "cpu_seconds",
)  # fmt: skip
"""Of the table."""


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
    parser.add_argument("--dev-rows", type=int, default=DEV_ROWS)
    parser.add_argument("--test-rows", type=int, default=TEST_ROWS)
    parser.add_argument("--rates", help="multiples of the default rate, at batch size 16")
    parser.add_argument("--model", default="", help="the folder of another encoder")
    options = parser.parse_args(arguments)
    rates = [(float(rate), 16) for rate in options.rates.split(",")] if options.rates else CONFIGURATIONS
    settings = Settings(options.dev_rows, options.test_rows, rates, options.model)
    groups = [
        Group(name, int(rows), strategy, start, int(seed), run)
        for run in range(options.runs)
        for seed in options.seeds.split(",")
        for rows in options.rows.split(",")
        for name in options.sets.split(",")
        for strategy in options.strategies.split(",")
        for start in options.starts.split(",")
    ]
    done = {tuple(str(line[name]) for name in vars(groups[0])) for line in table(options.model)}
    for group in groups:
        if tuple(map(str, vars(group).values())) not in done:
            _append(table_of(options.model), _curves(options.data, group, settings))
            print(group, flush=True)


def table_of(model: str = "") -> Path:
    """The file of the table of this encoder, by default all-MiniLM-L6-v2."""
    return Path(__file__).with_name(f"curves-{Path(model).name}.csv" if model else "curves.csv")


def table(model: str = "") -> list[dict[str, str]]:
    """The table of this encoder so far."""
    path = table_of(model)
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _append(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=COLUMNS)
        if new:
            writer.writeheader()
        writer.writerows(lines)


def _curves(folder: Path, group: Group, settings: Settings) -> list[dict[str, Any]]:
    """One line for each rung of each trial of a group."""
    started = time.process_time()
    its = prepared(folder, group, settings)
    reports = _trained(its.training, group, its.space, settings)
    about = {
        "layers": its.layers,
        "dev_rows": len(its.dev),
        "test_rows": len(its.test),
        "cpu_seconds": round((time.process_time() - started) / len(settings.configurations), 1),
    }
    lines = [_line(group, its.training, report, about) for report in reports]
    if its.start is not None:
        first = {"rung": 0, "epoch": 0.0, "steps": 0, "loss": "", **its.start}
        lines.insert(0, {**lines[0], "learning_rate": "", "batch_size": "", **first})
    return lines


def _trained(training: Training, group: Group, space: Space, settings: Settings) -> list[RungReport]:
    """One training of each configuration. The numbers of its trials start at ``run * RUN_NUMBERS``."""
    trials = [
        trial_of(space, number, rate, size)
        for number, (rate, size) in enumerate(settings.configurations, start=group.run * RUN_NUMBERS)
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


if __name__ == "__main__":
    main(sys.argv[1:])
