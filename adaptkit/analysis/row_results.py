"""Which predictions are right, and which labels are mistaken for which."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit.task import Metric, Prediction, Row


def right_rows(metric: Metric, predictions: Sequence[Prediction], rows: Sequence[Row]) -> list[bool] | None:
    """Whether each prediction is right: the metric is 1 for it. None if the metric is 1 for none.

    A row without anything to find has an F1 of 0 alone, even if nothing was found in it. So other rows are
    scored together with one that is right: a row that leaves its 1 unchanged is right, too.
    """
    if metric.direction != "maximize":
        return None

    def scores_one(*places: int) -> bool:
        try:
            scores = metric.compute([predictions[one] for one in places], [rows[one] for one in places])
        except Exception:  # a correlation, for one, is not defined for one row
            return False
        return scores.values.get(metric.name) == 1

    right = [scores_one(place) for place in range(len(rows))]
    if not any(right):
        return None
    known = right.index(True)
    return [is_right or scores_one(known, place) for place, is_right in enumerate(right)]


def confusions(
    expected: Sequence[Mapping[str, Any]], predicted: Sequence[Mapping[str, Any]]
) -> list[tuple[str, str, int]]:
    """The label of the row, the predicted label, and the number of rows; the most frequent pair first.

    Args:
        expected: for each row its answer, column → value.
        predicted: for each row its prediction, as `Task.to_json` gives it.

    Returns:
        Nothing for answers that are not one label under one name in both.
    """
    pairs: Counter[tuple[str, str]] = Counter()
    for answer, prediction in zip(expected, predicted, strict=True):
        if len(answer) != 1:
            return []
        ((name, label),) = answer.items()
        other = prediction.get(name)
        if not isinstance(label, str) or not isinstance(other, str):
            return []
        if label != other:
            pairs[label, other] += 1
    ordered = sorted(pairs.items(), key=lambda one: (-one[1], one[0]))
    return [(label, other, count) for (label, other), count in ordered]
