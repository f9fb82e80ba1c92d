"""Compares models on the same labelled rows: their scores, the differences, and how fast they predict."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.analysis.differences import differences
from adaptkit.errors import ConfigError, DataError

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Prediction, Row

WARM_UP = 8
"""So many rows are predicted before the time is measured."""


@dataclass(frozen=True, kw_only=True)
class ComparedModel:
    """A model and its score on the rows that all models were scored on."""

    name: str
    score: float

    interval: tuple[float, float] | None
    """The 95% interval of the score over these rows; None if it has none."""

    difference: float
    """Its score minus that of the first model; 0 for the first."""

    difference_interval: tuple[float, float] | None
    """The 95% interval of the difference, paired by row; None for the first, and if it has none."""

    better: bool | None
    """True if it is better than the first model, False if it is worse; None if the interval contains 0, or is
    not known."""

    values: Mapping[str, float]
    """Every number that the task reports."""

    rows_per_second: float
    """As measured while it predicted these rows."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Models on the same labelled rows."""

    metric: str
    """The first model's: what the scores are."""

    direction: str
    """ "maximize" or "minimize"."""

    rows: int
    left_out: int
    """Rows that one of the models cannot be scored on, as it does not have their labels."""

    models: Sequence[ComparedModel]
    """In the order in which they were given."""


def compare_models(models: Mapping[str, Predictor], rows: Sequence[Rows]) -> Comparison:
    """Score models on the rows that all of them can be scored on.

    Args:
        models: models of one task by name; the first one is what the others are compared with.
        rows: the same source as each model's task reads it.

    Raises:
        DataError: no row can be scored with all models.
        TrialError: the rows cannot be predicted, or the metric failed.
    """
    from adaptkit.engine.evaluate import score

    first = next(iter(models.values())).task
    shared = set.intersection(*(set(its.origins) for its in rows))
    chosen = [list(_shared(its, shared)) for its in rows]
    total = len(chosen[0])
    if not total or any(len(its) != total for its in chosen):  # several rows may be at one place
        raise DataError(
            f"{rows[0].source}: the rows that all of the models can be scored on are none, or not the same",
            expected="rows with labels that all models have",
            next_step="Score each model alone with 'adaptkit evaluate'.",
            code="nothing-to-compare",
        )
    timed = [_timed(predictor, its) for predictor, its in zip(models.values(), chosen, strict=True)]
    predictions, seconds = [its for its, _ in timed], [took for _, took in timed]
    metric = first.metric
    values = [
        score(first, found, its, metric.name).values for found, its in zip(predictions, chosen, strict=True)
    ]
    found = differences(metric, predictions, chosen, [its[metric.name] for its in values])
    return Comparison(
        metric=metric.name, direction=metric.direction, rows=total,
        left_out=max(len(its) + its.unknown_labels for its in rows) - total,
        models=[
            ComparedModel(
                **vars(one), name=name, values=dict(its), rows_per_second=total / max(took, 1e-9),
                better=_better(one.difference_interval, metric.direction),
            )
            for name, one, its, took in zip(models, found, values, seconds, strict=True)
        ],
    )  # fmt: skip


def refuse_other_tasks(models: Mapping[str, Predictor]) -> None:
    """Raise ConfigError unless all models have the task of the first one."""
    tasks = {name: predictor.task.name for name, predictor in models.items()}
    (first, its), *others = tasks.items()
    other = next((name for name, task in others if task != its), None)
    if other is not None:
        raise ConfigError(
            f"{first} has the task {its!r}, and {other} the task {tasks[other]!r}",
            expected="models of one task",
            next_step="Compare models that were made for the same rows.",
            code="different-tasks",
        )


def _timed(predictor: Predictor, rows: Sequence[Row]) -> tuple[list[Prediction], float]:
    """The predictions for the rows, and the seconds that they took."""
    predictor.predictions(rows[:WARM_UP])
    started = time.perf_counter()
    return predictor.predictions(rows), time.perf_counter() - started


def _shared(rows: Rows, origins: set[str]) -> Iterator[Row]:
    """The rows at these origins."""
    return (row for row, origin in zip(rows.values, rows.origins, strict=True) if origin in origins)


def _better(ends: tuple[float, float] | None, direction: str) -> bool | None:
    """Whether a difference in this interval is an improvement; None if it may be neither or is unknown."""
    if ends is None or ends[0] <= 0 <= ends[1]:
        return None
    return (ends[0] > 0) == (direction == "maximize")
