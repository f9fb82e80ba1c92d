"""The share of right answers, and by how many choices there were. Knows no texts and no tensors."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """The share of right answers; for each number of choices also what chance would get."""
    by_count: dict[int, list[bool]] = defaultdict(list)
    for prediction, row in zip(predictions, rows, strict=True):
        by_count[len(row["choices"])].append(prediction["answer"] == row["answer"])
    right = sum(map(sum, by_count.values()))
    return Scores(
        values={"accuracy": right / len(rows)},
        groups={
            str(count): {"accuracy": sum(each) / len(each), "chance": 1 / count, "support": len(each)}
            for count, each in sorted(by_count.items())
        },
    )


METRIC = Metric(name="accuracy", direction="maximize", compute=compute, groups_title="choices")
"""Accuracy of predictions and rows with an ``answer``; for each number of choices, its own."""
