"""The model and the rows of a group of trials, as a study at default options has them."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from adaptkit.config import DEFAULT_MODEL, DataConfig, SearchConfig
from adaptkit.data.load import Dataset, load
from adaptkit.data.rows import Rows
from adaptkit.engine.head_init import solve_head
from adaptkit.engine.prepare import Model, make_training, prepare_model, rungs_per_epoch_for
from adaptkit.engine.training import Training
from adaptkit.engine.types import Trial
from adaptkit.models.depth import TOKEN_HEADS, default_layers, width_of, with_layers
from adaptkit.models.loading import LoadedModel, load_model
from adaptkit.models.pooling import CHECKPOINT, with_pooling
from adaptkit.run.penalty import penalty_space
from adaptkit.run.pooling import MOST_ROWS_APART
from adaptkit.search.space import (
    EXAMPLES_TO_SEE,
    MORE_EXAMPLES_TO_SEE,
    RANGES_VERSION,
    Space,
    space_for,
)
from adaptkit.strategies.registry import built_in
from adaptkit.task import Metric, Scores, Task
from adaptkit.tasks import registry
from benchmarks.baselines.data_sets import READERS, subset, write

POOLING = {
    "text-classification": "mean",
    "multi-label": "mean",
    "nli": "pair",
    "similarity": "pair",
    "ner": "",
}


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


@dataclass(frozen=True)
class Prepared:
    """What the trials of a group are trained with."""

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
    name = READERS[group.set][0]
    task = registry.load(name)
    layers = default_layers(task, DEFAULT_MODEL)
    pooling = _pooling(name, group.rows)
    space = _space(task, group, pooling)
    task = with_layers(with_pooling(task, pooling), layers)
    data = _data(folder, group, settings, task)
    assert data.test is not None
    metric, dev = task.metric, len(data.dev)
    task = replace(task, metric=_of_both(metric, dev))
    loaded = load_model(task, DEFAULT_MODEL, data.labels, seed=group.seed, max_length=128)
    start = _solve(loaded, task, data, group, pooling) if group.start == "solved" else None
    model = prepare_model(
        task, loaded, data.labels, built_in(group.strategy, 8), device="cpu", bfloat16=_bfloat16()
    )
    training = make_training(
        model, task, data.train.values, [*data.dev.values, *data.test.values],
        batch_sizes=sorted({size for _, size in settings.configurations}),
        rungs_per_epoch=rungs_per_epoch_for(group.rows, dev), seed=group.seed, metric="dev",
        direction=metric.direction,
    )  # fmt: skip
    return Prepared(task, model, training, space, layers, data.dev, data.test, start)


def _space(task: Task, group: Group, pooling: str) -> Space:
    """What a study at default options searches."""
    strategy, on_tokens = built_in(group.strategy, 8), task.head in TOKEN_HEADS
    together = task.text_pair and pooling == CHECKPOINT
    return space_for(
        strategy, SearchConfig(), task.hints, rows=group.rows, width=width_of(DEFAULT_MODEL),
        on_tokens=on_tokens, examples=MORE_EXAMPLES_TO_SEE if on_tokens or together else EXAMPLES_TO_SEE,
    )  # fmt: skip


def _pooling(task: str, rows: int) -> str:
    """How the head pools at default options; the empty name where it does not."""
    together = task == "nli" and rows > MOST_ROWS_APART
    return CHECKPOINT if together else POOLING[task]


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


def _solve(loaded: LoadedModel, task: Task, data: Dataset, group: Group, pooling: str) -> dict[str, float]:
    """Puts the solved head on the model; gives its scores."""
    assert data.test is not None
    copied = replace(loaded, module=deepcopy(loaded.module))
    frozen = prepare_model(
        task, copied, data.labels, built_in("frozen", 8), device="cpu", bfloat16=_bfloat16()
    )
    solved = solve_head(
        frozen, task, data.train.values, [*data.dev.values, *data.test.values],
        l2=penalty_space(task, pooling or CHECKPOINT, RANGES_VERSION).default_l2,
        seed=group.seed, metric="dev", direction=task.metric.direction,
    )  # fmt: skip
    assert solved is not None
    for name, weight in solved.weights.items():
        loaded.module.get_parameter(name).data.copy_(weight)
    return {name: round(value, 4) for name, value in solved.scores.values.items()}


def trial_of(space: Space, number: int, rate: float, batch_size: int) -> Trial:
    """A trial at the defaults, but for its rate, in units of the default rate, and its batch size."""
    return Trial(
        number=number, learning_rate=float(f"{rate * space.default_learning_rate:.3g}"),
        batch_size=batch_size, epochs=space.epochs, seed=1000 + number, weight_decay=space.weight_decay,
        warmup=space.warmup,
    )  # fmt: skip


def _bfloat16() -> bool:
    """As a study with the precision "auto" on this machine."""
    from adaptkit.config import StudyConfig
    from adaptkit.run.resolve import Machine

    return Machine.of(StudyConfig(task="ner", device="cpu")).precision == "bf16"
