"""Which predictions are right, as the task's metric says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit.task import Metric, Prediction, Row

TRIED = 10
"""If the metric has no score for so many rows alone, no other row is tried."""


def right_rows(
    metric: Metric, predictions: Sequence[Prediction], rows: Sequence[Row], answers: Sequence[str]
) -> list[bool | None]:
    """Whether each prediction is right: the metric is 1 for it alone, or it equals the row's answer.

    The second is for rows without anything to find: their F1 is 0, even if nothing was found in them.

    Args:
        metric: the metric.
        predictions: one for each row, as the metric takes them.
        rows: the rows.
        answers: the columns of the answer, as `Task.target_columns`.

    Returns:
        None for a row whose score says neither: an error, a correlation, a number above 1.
    """
    found: list[bool | None] = []
    for prediction, row in zip(predictions, rows, strict=True):
        hopeless = len(found) >= TRIED and not any(one is not None for one in found)
        score = None if hopeless else _alone(metric, prediction, row)
        found.append(None if score is None else score == 1 or _is_answer(prediction, row, answers))
    return found


def _alone(metric: Metric, prediction: Prediction, row: Row) -> float | None:
    """The score of one row, from 0 to 1; None if it has no such score."""
    if metric.direction != "maximize":
        return None
    try:
        score = metric.compute([prediction], [row]).values[metric.name]
    except Exception:  # a correlation, for one, is not defined for one row
        return None
    return score if 0 <= score <= 1 else None


def _is_answer(prediction: Prediction, row: Row, answers: Sequence[str]) -> bool:
    """Whether the prediction has the values of the row's answer, under their names."""
    names = [name for name in answers if name in row]
    return (
        isinstance(prediction, Mapping)
        and bool(names)
        and all(name in prediction and _plain(prediction[name]) == _plain(row[name]) for name in names)
    )


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, (list, tuple)) else value
