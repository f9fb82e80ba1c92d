"""What a study will take: time, memory and disk, from steps measured on a part of its rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.models.depth import with_layers
from adaptkit.models.pooling import with_pooling
from adaptkit.report.forecast import Forecast
from adaptkit.report.progress import Progress
from adaptkit.run.context import Clock
from adaptkit.run.measured import Measured, measured_solved, measured_trained
from adaptkit.run.method import resolve_method, space_of
from adaptkit.run.resolve import chosen_metric, refuse_problems
from adaptkit.run.rows import rows_by_reference
from adaptkit.run.scheduler import WEIGHTS_KEPT
from adaptkit.run.setup import load_encoder, read_data
from adaptkit.study.find import study_folder
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry

if TYPE_CHECKING:
    from rich.console import Console

    from adaptkit.config import StudyConfig
    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows

ROWS_MEASURED = 400
"""So many training rows are measured; their number is a compromise between precision and patience."""

FLOAT = 4
"""Bytes."""


def forecast(config: StudyConfig, console: Console, *, rows: Sequence[MemoryRows] = ()) -> Forecast:
    """Forecast a study: read its rows, load its model, and measure both on a part of the rows.

    Args:
        config: the configuration.
        console: where the progress is shown.
        rows: rows that were given in Python, which the configuration refers to.

    Raises:
        UserError: something in the configuration, the data or the model is wrong.
        Interrupted: a signal was received.
    """
    refuse_problems(config)
    task = registry.load(config.task, config.options)
    metric, direction = chosen_metric(task.metric, config.search.metric)
    progress, clock = Progress(console, config.search.trials, metric, direction), Clock()
    with (
        Interruption() as interruption,
        progress,
        tempfile.TemporaryDirectory() as place,
        interruption.exposed(),
    ):
        given = rows_by_reference(study_folder(Path(place), "forecast"), config.data, rows)
        data = read_data(config, task, None, progress, clock, given)
        method = resolve_method(config, task, None, data)
        space = space_of(config, task, method, data)
        built = with_layers(with_pooling(task, method.pooling), method.layers)
        machine, loaded = load_encoder(config, built, data, None, progress, clock, solver=method.solver)
        parameters = sum(parameter.numel() for parameter in loaded.module.parameters())
        part = part_of(data)
        progress.phase(f"measuring on {len(part.train):,} of {len(data.train):,} training rows")
        started = time.monotonic()
        measured = Measured(
            config=config, task=built, data=data, part=part, loaded=loaded, machine=machine, method=method,
            metric=metric, direction=direction,
        )  # fmt: skip
        solved = method.solver == "lbfgs"
        costs = measured_solved(measured) if solved else measured_trained(measured, space)
        took = time.monotonic() - started
    reading = {"reading rows and model": clock.seconds["data"] + clock.seconds["model"]}
    kept = WEIGHTS_KEPT * costs.trained_parameters
    return Forecast(
        task=config.task, strategy=config.strategy, device=machine.device, trials=config.search.trials,
        train_rows=len(data.train), dev_rows=len(data.dev), rows_measured=len(part.train),
        seconds={**reading, **costs.seconds}, memory_bytes=costs.memory_bytes,
        disk_bytes=FLOAT * (kept + parameters), cache_bytes=costs.kept_features, together=costs.together,
        measuring_seconds=took,
    )  # fmt: skip


def part_of(data: Dataset) -> Dataset:
    """The data with about `ROWS_MEASURED` training rows, without test rows.

    They are taken at equal distances. The dev rows are as many in proportion, at least one.
    """
    step = max(1, len(data.train) // ROWS_MEASURED)
    return replace(data, train=_every(data.train, step), dev=_every(data.dev, step), test=None)


def _every(rows: Rows, step: int) -> Rows:
    groups = rows.groups[::step] if rows.groups else ()
    return replace(rows, values=rows.values[::step], origins=rows.origins[::step], groups=groups)
