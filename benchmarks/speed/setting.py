"""What both sides are set: one model, one data set, one list of trials. Knows neither side."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from adaptkit.config import DataConfig, PrecisionName, SearchConfig
from adaptkit.search.space import Space, space_for
from adaptkit.strategies.registry import built_in
from adaptkit.task import Task


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One search, as it is set before a side."""

    task: str
    model: str
    """A model folder."""

    strategy: str
    train: str
    """The file of the training rows."""

    dev: str
    max_length: int
    """Tokens of an example at most."""

    epochs: int
    trials: Sequence[Mapping[str, float]]
    """Of each trial the ``learning_rate`` and the ``batch_size``, in the order in which they are trained."""

    device: str = "cpu"
    precision: PrecisionName = "fp32"
    lora_rank: int = 8
    warmup: float = Space.warmup
    """The share of the steps in which the learning rate rises."""

    weight_decay: float = Space.weight_decay
    seed: int = 0
    """Of the new head, the order of the data and dropout; not of the list of trials."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """The task factory's arguments."""

    searched: bool = False
    """Whether adaptkit's own search proposes the trials; of ``trials`` only the number counts then."""

    pruning: bool = False
    """Whether adaptkit ends hopeless trials early."""

    rungs_per_epoch: int | None = 1
    """How often adaptkit scores in an epoch: once, as Trainer does; None leaves it to adaptkit."""

    workers: int = 0
    """The processes that collate for Trainer; adaptkit has none."""

    @property
    def data(self) -> DataConfig:
        """The rows, as adaptkit's configuration has them."""
        return DataConfig(train=self.train, dev=self.dev)

    @property
    def learning_rates(self) -> tuple[float, float]:
        """The lowest and the highest learning rate of the list."""
        rates = [trial["learning_rate"] for trial in self.trials]
        return min(rates), max(rates)

    @property
    def batch_sizes(self) -> tuple[int, ...]:
        """The effective batch sizes of the list, rising."""
        return tuple(sorted({int(trial["batch_size"]) for trial in self.trials}))

    @property
    def search(self) -> SearchConfig:
        """The search as adaptkit's configuration has it."""
        return SearchConfig(
            trials=len(self.trials),
            epochs=float(self.epochs),
            learning_rate=None if self.searched else self.learning_rates,
            batch_sizes=None if self.searched else self.batch_sizes,
            pruning=self.pruning,
            evals_per_epoch=self.rungs_per_epoch,
        )

    def to_be_told(self) -> dict[str, Any]:
        """The setting as JSON-ready values, without this machine's paths."""
        return {name: value for name, value in asdict(self).items() if name not in ("model", "train", "dev")}

    def write(self, path: Path) -> Path:
        """The setting as JSON, for the process of a side."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")
        return path

    @classmethod
    def read(cls, path: Path) -> Setting:
        """The setting that `write` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def with_seed(self, seed: int) -> Setting:
        """The same setting under another seed, its list of trials unchanged."""
        return replace(self, seed=seed)


def trial_list(
    task: Task,
    strategy: str,
    count: int,
    *,
    rows: int,
    seed: int,
    batch_sizes: Sequence[int] | None = None,
) -> list[dict[str, float]]:
    """``count`` trials out of the strategy's own search space, the default first, the others drawn.

    The same for the same arguments, on any machine.
    """
    sizes = None if batch_sizes is None else tuple(batch_sizes)
    space = space_for(built_in(strategy), SearchConfig(batch_sizes=sizes), task.hints, rows=rows)
    low, high = (math.log(rate) for rate in space.learning_rate)
    draw = random.Random(seed)
    drawn = [
        {"learning_rate": math.exp(draw.uniform(low, high)), "batch_size": draw.choice(space.batch_sizes)}
        for _ in range(count - 1)
    ]
    return [space.default, *drawn]
