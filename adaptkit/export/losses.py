"""The loss of each row, from the outputs that also give its prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from adaptkit.tasks.calls import calling

if TYPE_CHECKING:
    from adaptkit.task import Example, Task


class RowLosses:
    """Adds up the losses of the examples of each row, batch by batch."""

    def __init__(self, task: Task, examples: Sequence[Example], rows: int) -> None:
        self.task = task
        self.row_of = np.array([example.row for example in examples], dtype=np.int64)  # [examples]
        self.sums = np.zeros(rows)  # [rows]
        self.weights = np.zeros(rows)  # [rows]

    def take(
        self,
        outputs: Mapping[str, NDArray[Any]],
        batch: Mapping[str, torch.Tensor],
        positions: Sequence[int],
    ) -> None:
        """Add the losses of a batch, of the examples at these positions.

        Raises:
            TaskError: the task's loss failed.
        """
        given = {name: torch.from_numpy(array) for name, array in outputs.items()}
        with calling(self.task, "loss"):
            losses, weights = self.task.loss(given, batch)  # [batch, ...] both
        size = len(positions)
        weights = weights.double().reshape(size, -1)  # [batch, items]
        total = (losses.double().reshape(size, -1) * weights).sum(1)  # [batch]
        rows = self.row_of[list(positions)]  # [batch]
        np.add.at(self.sums, rows, total.numpy())
        np.add.at(self.weights, rows, weights.sum(1).numpy())

    def means(self) -> list[float]:
        """The mean loss of each row; 0 for a row of which nothing counts."""
        means: list[float] = (self.sums / np.where(self.weights > 0, self.weights, 1)).tolist()
        return means
