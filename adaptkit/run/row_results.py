"""What a model predicts for each labelled row, whether it is right, and the row's loss."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptkit.analysis.row_results import right_rows

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Row


@dataclass(frozen=True, kw_only=True)
class RowResult:
    """A labelled row and its prediction."""

    place: str
    """``"file:line"``, ``"source row 12"``, or ``"row 12"`` of rows that were given in Python."""

    row: Row
    """The row as the task prepared it, without its answer."""

    expected: Mapping[str, Any]
    """Its answer: column → value."""

    predicted: Mapping[str, Any]
    """The prediction, as `adaptkit predict` gives it."""

    right: bool | None
    """Whether the task's metric is 1 for it, or it is the answer; None where the metric says neither, as a
    correlation does."""

    loss: float
    """The task's loss for it, the mean over its words or windows."""


def results_of(predictor: Predictor, rows: Rows) -> list[RowResult]:
    """The result of each row, in the order of the rows.

    Raises:
        TaskError: a part of the task failed.
        TrialError: the rows cannot be predicted.
    """
    from adaptkit.tasks.calls import calling

    task = predictor.task
    predictions, losses = predictor.predictions_and_losses(rows.values)
    right = right_rows(task.metric, predictions, rows.values, task.target_columns)
    results = []
    for number, (place, row) in enumerate(zip(rows.origins, rows.values, strict=True)):
        answer = {name: row[name] for name in task.target_columns if name in row}
        asked = {name: value for name, value in row.items() if name not in answer}
        with calling(task, "to_json"):
            predicted = task.to_json(asked, predictions[number])
        results.append(
            RowResult(
                place=place, row=asked, expected=answer, predicted=predicted,
                right=right[number], loss=losses[number],
            )
        )  # fmt: skip
    return results


def worst_first(results: Sequence[RowResult]) -> list[RowResult]:
    """The results that are not known to be right, by loss: those without a number, then the highest."""
    wrong = [one for one in results if not one.right]
    return sorted(wrong, key=lambda one: (not math.isnan(one.loss), -one.loss))


def confusions(results: Sequence[RowResult]) -> list[tuple[str, str, int]]:
    """The label of the row, the predicted label, and the number of rows; the most frequent pair first.

    Nothing for answers that are not one label, under one name in answer and prediction.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for one in results:
        if len(one.expected) != 1:
            return []
        ((name, label),) = one.expected.items()
        inner = one.predicted.get("prediction")  # as `Task.to_json` gives it by default
        other = one.predicted.get(name, inner.get(name) if isinstance(inner, Mapping) else None)
        if not isinstance(label, str) or not isinstance(other, str):
            return []
        if label != other:
            pairs[label, other] += 1
    ordered = sorted(pairs.items(), key=lambda one: (-one[1], one[0]))
    return [(label, other, count) for (label, other), count in ordered]
