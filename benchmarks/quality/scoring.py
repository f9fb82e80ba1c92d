"""The score of a model's outputs by a task's own decode, merge and metric. Knows no training."""

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
    outputs: Any,
) -> float:
    """The metric of the model's outputs on the rows that the examples were made of.

    ``outputs`` are as Trainer gives them: an array ``[examples, ...]``, or one for each of `Task.outputs`.
    """
    arrays = outputs if isinstance(outputs, tuple) else (outputs,)
    decoded = task.decode(dict(zip(task.outputs, arrays, strict=True)), examples, labels)
    pieces: list[list[Any]] = [[] for _ in rows]
    for example, piece in zip(examples, decoded, strict=True):
        pieces[example.row].append(piece)
    predictions = [task.merge_windows(row, its) for row, its in zip(rows, pieces, strict=True)]
    settings = {} if task.calibrate is None else task.calibrate(predictions, rows)
    predictions = [task.apply_calibration(prediction, settings) for prediction in predictions]
    return float(task.metric.compute(predictions, rows).values[metric])
