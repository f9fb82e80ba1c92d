"""What a model predicts for each labelled row, whether it is right, and the row's loss."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from adaptkit.analysis.row_results import right_rows

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.export.predictor import Predictor
    from adaptkit.task import Prediction, Row


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

    predicted_answer: Mapping[str, Any] = field(default_factory=dict)
    """The same as values of the answer's columns, such as the tag of each word; without the columns that the
    task's predictions do not have."""

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
                predicted_answer=_as_answer(answer, predictions[number], predicted), right=right[number],
                loss=losses[number],
            )
        )  # fmt: skip
    return results


def worst_first(results: Sequence[RowResult]) -> list[RowResult]:
    """The results that are not known to be right, by loss: those without a number, then the highest."""
    wrong = [one for one in results if not one.right]
    return sorted(wrong, key=lambda one: (not math.isnan(one.loss), -one.loss))


def tagged_words(result: RowResult) -> Sequence[str]:
    """The words of the row, if its answer has a value for each; else none."""
    sizes = {len(value) for value in result.expected.values() if isinstance(value, (list, tuple))}
    for value in result.row.values():
        if isinstance(value, (list, tuple)) and value and len(value) in sizes and isinstance(value[0], str):
            return value
    return ()


def confusions(results: Sequence[RowResult]) -> list[tuple[str, str, int]]:
    """The label of a row, the predicted label, and how often; the most frequent pair first.

    Where an answer has a label for each word, the words are counted. Nothing for answers of other forms.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for one in results:
        if len(one.expected) != 1:
            return []
        ((name, expected),) = one.expected.items()
        words = tagged_words(one)
        labels, others = _labels(expected, words), _labels(one.predicted_answer.get(name), words)
        if len(labels) != len(others) or not all(isinstance(label, str) for label in (*labels, *others)):
            return []
        pairs.update(pair for pair in zip(labels, others, strict=True) if pair[0] != pair[1])
    ordered = sorted(pairs.items(), key=lambda one: (-one[1], one[0]))
    return [(label, other, count) for (label, other), count in ordered]


def _as_answer(
    answer: Mapping[str, Any], prediction: Prediction, predicted: Mapping[str, Any]
) -> dict[str, Any]:
    """The predicted values of the answer's columns, where the prediction or its form for users has them."""
    inner = predicted.get("prediction")  # as `Task.to_json` gives it by default
    known = [one for one in (prediction, predicted, inner) if isinstance(one, Mapping)]
    return {name: its[name] for name in answer if (its := next((one for one in known if name in one), None))}


def _labels(value: Any, words: Sequence[str]) -> Sequence[Any]:
    """The label of each word, or that of the row."""
    return value if words and isinstance(value, (list, tuple)) else [value]
