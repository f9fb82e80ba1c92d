"""Accuracy, in total and for each number of choices."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """The share of correct answers, and for each number of choices this share and that of chance."""
    by_count: dict[int, list[bool]] = defaultdict(list)
    for prediction, row in zip(predictions, rows, strict=True):
        by_count[len(row["choices"])].append(prediction["answer"] == row["answer"])
    correct = sum(map(sum, by_count.values()))
    return Scores(
        values={"accuracy": correct / len(rows)},
        groups={
            str(count): {"accuracy": sum(each) / len(each), "chance": 1 / count, "support": len(each)}
            for count, each in sorted(by_count.items())
        },
    )


METRIC = Metric(
    name="accuracy",
    direction="maximize",
    compute=compute,
    description="share of the questions whose most probable choice is the right one",
    groups_title="choices",
)
"""Accuracy of predictions and rows with an ``answer``, also for each number of choices."""
