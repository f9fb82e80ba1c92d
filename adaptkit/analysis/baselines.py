"""The scores of a task's baselines, by the task's own metric, on the rows that the trials are scored on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptkit.task import Prediction, Row, Task

Predictions = Mapping[str, Sequence["Prediction"]]
"""The name of a baseline → one prediction per row."""


def baseline_scores(
    task: Task, train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The name of each baseline, trained on ``train`` → its numbers on ``rows``.

    Raises:
        ValueError: a baseline does not give one prediction per row.
    """
    return _scored(task, _predictions(task, train, rows, labels), rows)


def out_of_fold_scores(
    task: Task, rows: Sequence[Row], fold_of_row: Sequence[int], labels: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The name of each baseline → its numbers on all rows, each predicted without the rows of its fold.

    A baseline that predicts one number for all rows of a fold predicts the mean of these numbers everywhere.
    They differ a little from fold to fold, and otherwise a correlation would measure that.

    Raises:
        ValueError: a baseline does not give one prediction per row.
    """
    predictions: dict[str, list[Prediction]] = {}
    constants: dict[str, bool] = {}
    for fold in sorted(set(fold_of_row)):
        held = [place for place, its in enumerate(fold_of_row) if its == fold]
        others = [row for row, its in zip(rows, fold_of_row, strict=True) if its != fold]
        for name, found in _predictions(task, others, [rows[place] for place in held], labels).items():
            of_rows = predictions.setdefault(name, [None] * len(rows))
            constants[name] = constants.get(name, True) and _is_constant(found)
            for place, prediction in zip(held, found, strict=True):
                of_rows[place] = prediction
    for name in (name for name, constant in constants.items() if constant):
        predictions[name] = [fmean(predictions[name])] * len(rows)
    return _scored(task, predictions, rows)


def _is_constant(predictions: Sequence[Prediction]) -> bool:
    """Whether all predictions are the same number."""
    return all(type(one) is float and one == predictions[0] for one in predictions)


def _predictions(task: Task, train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Predictions:
    """The predictions of each baseline, which does not see the answers of the rows."""
    if task.baseline is None:
        return {}
    unanswered = [{name: one for name, one in row.items() if name not in task.target_columns} for row in rows]
    found = task.baseline(train, unanswered, labels)
    for name, predictions in found.items():
        if len(predictions) != len(rows):
            raise ValueError(
                f"{name}: {len(predictions)} predictions; expected one for each of {len(rows)} rows"
            )
    return found


def _scored(task: Task, predictions: Predictions, rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The finite numbers of the task's metric."""
    computed = {name: task.metric.compute(its, rows).values for name, its in predictions.items()}
    return {
        name: {measure: float(one) for measure, one in values.items() if math.isfinite(one)}
        for name, values in computed.items()
    }
