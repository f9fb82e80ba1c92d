"""The score of logits by a task's own decode, merge and metric. Knows no training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adaptkit.task import Example, Row, Task


def score_of(
    task: Task,
    rows: Sequence[Row],
    labels: Sequence[str],
    metric: str,
    examples: Sequence[Example],
    logits: Any,
) -> float:
    """The metric of ``logits [examples, ...]`` on the rows that the examples were made of."""
    pieces: list[list[Any]] = [[] for _ in rows]
    for example, piece in zip(examples, task.decode({"logits": logits}, examples, labels), strict=True):
        pieces[example.row].append(piece)
    predictions = [task.merge(row, its) for row, its in zip(rows, pieces, strict=True)]
    return float(task.metric.compute(predictions, rows).values[metric])
