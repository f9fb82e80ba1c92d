"""The scores of a task's baselines, by the task's own metric, on the rows that the trials are scored on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
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

    A baseline that predicts the same for all rows, such as their most frequent class or their mean, predicts
    what it learns from all of them. What it learns without a fold differs a little from fold to fold, always
    away from the fold's own rows, and otherwise the scores would measure that.

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
    if any(constants.values()):
        of_all = _predictions(task, rows, rows, labels)
        kept = (name for name, its in of_all.items() if constants.get(name) and _is_constant(its))
        predictions |= {name: list(of_all[name]) for name in kept}
    return _scored(task, predictions, rows)


def _is_constant(predictions: Sequence[Prediction]) -> bool:
    """Whether all predictions are the same."""
    with suppress(ValueError):  # arrays that are compared have no single truth value
        return all(one == predictions[0] for one in predictions)
    return False


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
