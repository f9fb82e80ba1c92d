"""What a study will take: time, memory and disk, from steps measured on a part of its rows."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.models.depth import with_layers
from adaptkit.models.pooling import with_pooling
from adaptkit.report.forecast import Forecast
from adaptkit.report.progress import Progress
from adaptkit.run.context import Clock
from adaptkit.run.forecast.measured import Measured
from adaptkit.run.forecast.rows import part_of
from adaptkit.run.forecast.solved import measured_solved
from adaptkit.run.forecast.trained import measured_trained
from adaptkit.run.method import resolve_method, space_of
from adaptkit.run.resolve import chosen_metric, refuse_problems
from adaptkit.run.rows import rows_by_reference
from adaptkit.run.setup import load_encoder, read_data
from adaptkit.study.find import study_folder
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry
from adaptkit.tasks.metrics import with_metric

if TYPE_CHECKING:
    from rich.console import Console

    from adaptkit.config import StudyConfig
    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.run.method import Method


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
    before, entered = time.process_time(), time.perf_counter()
    refuse_problems(config)
    load_libraries()
    task = registry.load(config.task, config.options)
    task = with_metric(task, config.search.metric, config.search.metric_options)
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
        if method.note:
            progress.note(method.note)
        space = space_of(config, task, method, data)
        built = with_layers(with_pooling(task, method.pooling), method.layers)
        machine, loaded = load_encoder(config, built, data, None, progress, clock, solver=method.solver)
        part = part_of(data)
        progress.phase(f"measuring on {len(part.train):,} of {len(data.train):,} training rows")
        started = time.perf_counter()
        measured = Measured(
            config=config, task=built, data=data, part=part, loaded=loaded, machine=machine, method=method,
            metric=metric, direction=direction, place=Path(place),
        )  # fmt: skip
        solved = method.solver == "lbfgs"
        costs = measured_solved(measured) if solved else measured_trained(measured, space)
        took = time.perf_counter() - started
    starting = {"starting, reading rows and model": before + started - entered}
    return Forecast(
        task=config.task, strategy=config.strategy, device=machine.device, trials=config.search.trials,
        train_rows=len(data.train), dev_rows=len(data.dev), rows_measured=len(part.train),
        seconds={**starting, **costs.seconds}, spared_seconds=costs.spared_seconds,
        memory_bytes=costs.memory_bytes, disk_bytes=costs.disk_bytes, cache_bytes=costs.kept_features,
        together=costs.together, measuring_seconds=took, not_known=not_known(config, method),
    )  # fmt: skip


def load_libraries() -> None:
    """Load what the complete study needs, so that its time and memory are measured, too."""
    for name in ("optuna", "sklearn.linear_model", "adaptkit.search.search", "adaptkit.export.predictor"):
        import_module(name)


def not_known(config: StudyConfig, method: Method) -> tuple[str, ...]:
    """What no forecast can know, each in a few words."""
    search, solved = config.search, method.solver == "lbfgs"
    choice = "the choice of the pooling" if len(method.poolings) > 1 else ""
    pruned = "" if solved or not search.pruning else "which trials are pruned"
    patience = "" if solved or search.patience == 0 else "which trials end without a better score"
    timeout = "that --timeout ends the search" if search.timeout else ""
    return tuple(filter(None, (choice, pruned, patience, timeout)))
