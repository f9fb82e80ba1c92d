"""The model and the rows of a group of trials, as a study at default options has them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adaptkit.config import DEFAULT_MODEL, DataConfig, StudyConfig
from adaptkit.data.load import Dataset, load
from adaptkit.data.rows import Rows
from adaptkit.engine.head_init import solve_head
from adaptkit.engine.prepare import Model, make_training, prepare_model, rungs_per_epoch_for
from adaptkit.engine.training import Training
from adaptkit.engine.types import Trial
from adaptkit.models.depth import with_layers
from adaptkit.models.loading import LoadedModel, load_model
from adaptkit.models.pooling import with_pooling
from adaptkit.run.head_init import put_head
from adaptkit.run.method import resolve_method, space_of
from adaptkit.run.penalty import penalty_space
from adaptkit.run.resolve import Machine, strategy_of
from adaptkit.search.space import RANGES_VERSION, Space
from adaptkit.strategies.registry import built_in
from adaptkit.task import Metric, Scores, Task
from adaptkit.tasks import registry
from benchmarks.baselines.data_sets import READERS, subset, write


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


@dataclass(frozen=True)
class Settings:
    """What all groups share."""

    dev_rows: int
    test_rows: int
    configurations: Sequence[tuple[float, int]]
    """As `CONFIGURATIONS`."""

    model: str = ""
    """The folder of the encoder; empty for all-MiniLM-L6-v2."""


@dataclass(frozen=True)
class Prepared:
    """What the trials of a group are trained with."""

    metric: Metric
    """The task's own."""

    task: Task
    """Its metric scores the dev and the test rows apart, as "dev" and "test"."""

    model: Model
    training: Training
    """Scored by the dev and the test rows."""

    space: Space
    layers: int
    dev: Rows
    test: Rows
    start: Mapping[str, float] | None
    """What the solved head scores."""


def prepared(folder: Path, group: Group, settings: Settings) -> Prepared:
    """The model of a group with its first head, its rows, and what a study at default options searches."""
    own = registry.load(READERS[group.set][0])
    config = StudyConfig(
        task=own.name, strategy=group.strategy, device="cpu", model=settings.model or DEFAULT_MODEL
    )
    data = _data(folder, group, settings, own)
    assert data.test is not None
    method = resolve_method(config, own, None, data)
    built = with_layers(with_pooling(own, method.pooling), method.layers)
    task = replace(built, metric=_of_both(own.metric, len(data.dev)))
    loaded = load_model(task, config.model, data.labels, seed=group.seed, max_length=128)
    start = (
        _solve(config, loaded, task, data, method.pooling, group.seed) if group.start == "solved" else None
    )
    model = prepare_model(
        task, loaded, data.labels, strategy_of(config), device="cpu", bfloat16=_bfloat16(config)
    )
    training = make_training(
        model, task, data.train.values, [*data.dev.values, *data.test.values],
        batch_sizes=sorted({size for _, size in settings.configurations}),
        rungs_per_epoch=rungs_per_epoch_for(group.rows, len(data.dev)), seed=group.seed, metric="dev",
        direction=own.metric.direction,
    )  # fmt: skip
    space = space_of(config, own, method, data)
    assert isinstance(space, Space)
    return Prepared(own.metric, task, model, training, space, method.layers, data.dev, data.test, start)


def _data(folder: Path, group: Group, settings: Settings, task: Task) -> Dataset:
    _, columns, reader = READERS[group.set]
    pool = subset(reader(folder, "train"), str(group.rows + settings.dev_rows), group.seed)
    with tempfile.TemporaryDirectory() as place:
        train, dev, test = (
            str(write(Path(place, split), columns, rows))
            for split, rows in (
                ("train", pool[: group.rows]),
                ("dev", pool[group.rows :]),
                ("test", subset(reader(folder, "test"), str(settings.test_rows), 0)),
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


def _solve(
    config: StudyConfig, loaded: LoadedModel, task: Task, data: Dataset, pooling: str, seed: int
) -> dict[str, float]:
    """Puts the solved head on the model; gives its scores."""
    assert data.test is not None
    copied = replace(loaded, module=deepcopy(loaded.module))
    frozen = prepare_model(
        task, copied, data.labels, built_in("frozen"), device="cpu", bfloat16=_bfloat16(config)
    )
    solved = solve_head(
        frozen, task, data.train.values, [*data.dev.values, *data.test.values],
        l2=penalty_space(task, pooling, RANGES_VERSION).default_l2,
        seed=seed, metric="dev", direction=task.metric.direction,
    )  # fmt: skip
    assert solved is not None
    put_head(loaded, solved)
    return {name: round(value, 4) for name, value in solved.scores.values.items()}


def trial_of(space: Space, number: int, rate: float, batch_size: int) -> Trial:
    """A trial at the defaults, but for its rate, in units of the default rate, and its batch size."""
    return Trial(
        number=number, learning_rate=float(f"{rate * space.default_learning_rate:.3g}"),
        batch_size=batch_size, epochs=space.epochs, seed=1000 + number, weight_decay=space.weight_decay,
        warmup=space.warmup,
    )  # fmt: skip


def _bfloat16(config: StudyConfig) -> bool:
    """As a study with the precision "auto" on this machine."""
    return Machine.of(config).precision == "bf16"
