"""Predictions and scores, for all slots of a population together.

Outputs are decoded batch by batch and freed; the task's predictions are kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from numbers import Real
from typing import Any

import numpy as np
import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, BatchLimits, is_out_of_memory
from adaptkit.engine.forward import Forward, Tensors
from adaptkit.errors import TrialDiverged, TrialError, TrialOutOfMemory
from adaptkit.task import Example, Prediction, Row, Scores, Task
from adaptkit.tasks.calls import named, no_exit, reason_of, shown

TOKENS_AT_ONCE = 8192
"""Tokens in one forward pass of scoring, over all slots of the pass."""


@dataclass(frozen=True, kw_only=True)
class ScoringSet:
    """Rows to predict, encoded and padded."""

    task: Task
    labels: Sequence[str]
    rows: Sequence[Row]
    examples: Sequence[Example]
    buckets: Sequence[Bucket]

    @cached_property
    def row_of(self) -> Sequence[int]:
        """The row of each example."""
        return [example.row for example in self.examples]


def predict_rows(
    forward: Forward,
    parameters: Tensors,
    data: ScoringSet,
    limits: BatchLimits,
    check: Callable[[], None] = lambda: None,
) -> list[list[Prediction] | TrialError]:
    """For each slot of ``parameters`` (name → ``[slots, *shape]``) its predictions, or the error instead.

    ``check`` is called after every batch, and may raise to end the run.
    """
    count = len(next(iter(parameters.values()))) if parameters else 1
    results: list[list[Prediction] | TrialError] = []
    start = 0
    while start < count:
        stop = min(count, start + limits.slots)
        part = {name: parameter[start:stop] for name, parameter in parameters.items()}
        try:
            results.extend(_predict_together(forward, part, data, limits, check))
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error):
                raise
            if not limits.shrink_scoring():
                results.extend([TrialOutOfMemory("out of memory scoring one example")] * (stop - start))
                start = stop
            continue
        start = stop
    return results


@torch.no_grad()
def _predict_together(
    forward: Forward, parameters: Tensors, data: ScoringSet, limits: BatchLimits, check: Callable[[], None]
) -> list[list[Prediction] | TrialError]:
    slots = len(next(iter(parameters.values()))) if parameters else 1
    collected = [Pieces(data) for _ in range(slots)]
    forward.module.eval()
    for bucket in data.buckets:
        tokens = bucket.length * bucket.choices * slots
        size = max(1, TOKENS_AT_ONCE // (tokens * limits.scoring_shrink))
        for start in range(0, len(bucket.positions), size):
            batch = bucket.tensors.at(slice(start, start + size))  # name → [batch, ...]
            batch = {name: tensor.to(forward.device) for name, tensor in batch.items()}
            outputs = forward.outputs(parameters, batch)  # name → [slots, batch, ...]
            arrays = {name: output.float().cpu().numpy() for name, output in outputs.items()}
            positions = bucket.positions[start : start + size]
            examples = [data.examples[position] for position in positions]
            for slot, pieces in enumerate(collected):
                one = {name: array[slot] for name, array in arrays.items()}  # name → [batch, ...]
                pieces.take(one, positions, examples)
            check()
    return [pieces.merged() for pieces in collected]


class Pieces:
    """One trial's decoded pieces, until it fails; the other trials continue."""

    def __init__(self, data: ScoringSet) -> None:
        self.data = data
        self.pieces: list[Any] = [None] * len(data.examples)
        self.failure: TrialError | None = None

    def take(self, outputs: Mapping[str, Any], positions: Sequence[int], examples: Sequence[Example]) -> None:
        """Decodes ``outputs`` (name → ``[batch, ...]``) of these examples, which are at ``positions``."""
        if self.failure is not None:
            return
        if not all(np.isfinite(array).all() for array in outputs.values()):
            self.failure = TrialDiverged("diverged: the model's outputs are not finite")
            return
        task = self.data.task
        try:
            with no_exit():
                pieces = task.decode(outputs, examples, self.data.labels)
                for position, piece in zip(positions, pieces, strict=True):
                    self.pieces[position] = piece
        except Exception as error:
            self.failure = _plugin_error(task, "decode", error)

    def merged(self) -> list[Prediction] | TrialError:
        """One prediction per row, or the error instead."""
        if self.failure is not None:
            return self.failure
        of_row: list[list[Any]] = [[] for _ in self.data.rows]
        for row, piece in zip(self.data.row_of, self.pieces, strict=True):
            of_row[row].append(piece)
        try:
            return [
                self.data.task.merge_windows(row, its)
                for row, its in zip(self.data.rows, of_row, strict=True)
            ]
        except Exception as error:
            return _plugin_error(self.data.task, "merge_windows", error)


def given(predictions: list[Prediction] | TrialError) -> list[Prediction]:
    """The predictions; raises the TrialError that there is instead."""
    if isinstance(predictions, TrialError):
        raise predictions
    return predictions


def calibrate_and_score(
    data: ScoringSet, predictions: Sequence[Prediction], metric: str
) -> tuple[dict[str, float], Scores]:
    """The numbers that the task chooses on these rows, and the scores of the predictions with them.

    Raises:
        TrialError: a part of the task failed.
    """
    calibration = calibrate(data.task, predictions, data.rows)
    return calibration, score(data.task, calibrated(data.task, predictions, calibration), data.rows, metric)


def calibrate(task: Task, predictions: Sequence[Prediction], rows: Sequence[Row]) -> dict[str, float]:
    """The numbers that the task chooses on these rows, such as a threshold; most tasks choose none.

    Raises:
        TrialError: the task's calibrate failed, or did not return finite numbers.
    """
    if task.calibrate is None:
        return {}
    try:
        chosen = dict(task.calibrate(predictions, rows))
    except Exception as error:
        raise _plugin_error(task, "calibrate", error) from error
    calibration = _numbers(f"calibrate of {named(task)}", chosen)
    if not all(map(math.isfinite, calibration.values())):
        raise TrialError(f"{named(task)}: calibrate gave {calibration}, not all of it finite")
    return calibration


def calibrated(
    task: Task, predictions: Sequence[Prediction], calibration: Mapping[str, float]
) -> list[Prediction]:
    """The predictions with the chosen numbers applied.

    Raises:
        TrialError: the task's apply_calibration failed.
    """
    try:
        return [task.apply_calibration(prediction, calibration) for prediction in predictions]
    except Exception as error:
        raise _plugin_error(task, "apply_calibration", error) from error


def score(task: Task, predictions: Sequence[Prediction], rows: Sequence[Row], metric: str) -> Scores:
    """The scores of the predictions, checked.

    Raises:
        TrialError: the metric failed, does not report ``metric``, or returned a number that is not finite.
    """
    try:
        scores = task.metric.compute(predictions, rows)
    except Exception as error:
        raise TrialError(f"the metric of {named(task)} failed: {reason_of(error)}") from error
    if not (
        isinstance(scores, Scores)
        and isinstance(scores.values, Mapping)
        and isinstance(scores.groups, Mapping)
        and all(isinstance(numbers, Mapping) for numbers in scores.groups.values())
        and metric in scores.values
    ):
        raise TrialError(f"the metric of {named(task)} gave no {metric!r} but {shown(scores, 200)}")
    part = f"the metric of {named(task)}"
    values = _finite(_numbers(part, scores.values))
    if metric not in values:
        raise TrialError(f"the metric of {named(task)} gave {metric} = {float(scores.values[metric])}")
    groups = {group: _finite(_numbers(part, its)) for group, its in scores.groups.items()}
    return Scores(values=values, groups=groups)


def _finite(numbers: Mapping[str, float]) -> dict[str, float]:
    return {name: number for name, number in numbers.items() if math.isfinite(number)}


def _numbers(part: str, values: Mapping[Any, Any]) -> dict[str, float]:
    """The values as numbers; raises TrialError that names the part and the first other value."""
    for name, value in values.items():
        if not isinstance(name, str):
            raise TrialError(f"{part} gave a number under the name {shown(name)}, expected text")
        if not _is_number(value):
            raise TrialError(f"{part} gave {name} = {shown(value)}, no number")
    return {name: float(value) for name, value in values.items()}


def _is_number(value: object) -> bool:
    """Whether the value is a number of Python or NumPy that fits into a float. True and False are none."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except (OverflowError, ValueError):
        return False
    return True


def _plugin_error(task: Task, part: str, error: Exception) -> TrialError:
    return TrialError(f"{named(task)}: {part} failed: {reason_of(error)}")
