"""One micro-step of a population: forward and backward for all rows, gradients added to the rows'.

The step is cut into passes over some rows and some examples. A pass either adds all of its gradients
or, when memory runs out in it, none; it is then cut finer and done again, so that nothing of a trial
depends on what fitted where. Knows no optimiser step and no score.
"""

from __future__ import annotations

import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.forward import Forward
from adaptkit.engine.passes import OUT_OF_MEMORY, Passes, is_out_of_memory
from adaptkit.engine.rows import Rows
from adaptkit.errors import TrialOutOfMemory


class Accumulator:
    """Runs micro-steps over one rung, and keeps each row's losses and failures."""

    def __init__(self, forward: Forward, rows: Rows, passes: Passes) -> None:
        self.forward = forward
        self.rows = rows
        self.passes = passes
        self.losses = torch.zeros(rows.living, device=forward.device)  # [rows], summed over the rung
        self.weights = torch.zeros(rows.living, device=forward.device)  # [rows]
        self.failures: list[TrialOutOfMemory | None] = [None] * rows.living

    def run(self, step: MicroStep, first: int = 0) -> None:
        """Adds the gradients of one micro-step to its rows, from row ``first`` of the population on."""
        row, stop = first, first + len(step.places)
        while row < stop:
            row_stop = min(stop, row + self.passes.rows)
            if row_stop - row == 1 and self.failures[row]:
                row = row_stop
                continue
            row = self._rows(step, first, row, row_stop)

    def mean_losses(self) -> list[float]:
        """Each row's mean loss per item over the rung so far."""
        return (self.losses / self.weights.clamp_min(1e-12)).tolist()

    def _rows(self, step: MicroStep, first: int, row: int, row_stop: int) -> int:
        """The micro-step of rows ``row`` to ``row_stop``; returns the row to go on with.

        What a pass does not fit is done by finer ones from where it failed; rows that have begun
        their examples end them together.
        """
        example, count = 0, step.places.shape[1]
        while example < count:
            length = step.bucket.length * step.bucket.choices
            at_once = self.passes.examples_of(length, row_stop - row)
            example_stop = min(count, example + at_once)
            places = step.places[row - first : row_stop - first, example:example_stop]  # [rows, examples]
            try:
                self._pass(step.bucket, places, slice(row, row_stop))
            except OUT_OF_MEMORY as error:
                if not is_out_of_memory(error):
                    raise
                if not self.passes.retreat(example_stop - example):
                    reason = TrialOutOfMemory("out of memory: not even one example fits")
                    self.failures[row:row_stop] = [reason] * (row_stop - row)
                    return row_stop
                if example == 0:
                    return row  # nothing of these rows was added yet: fewer of them, from the start
                continue
            example = example_stop
        return row_stop

    def _pass(self, bucket: Bucket, places: torch.Tensor, rows: slice) -> None:
        """Forward and backward of some rows on some examples; adds all its gradients, or raises.

        Args:
            bucket: where the examples lie.
            places: ``[rows, examples]``, positions in the bucket, -1 where there is no example.
            rows: of the population.
        """
        device, chosen = self.forward.device, places.clamp_min(0)
        valid = (places >= 0).to(device)  # [rows, examples]
        batch = {  # name → [rows, examples, ...]; a bucket too large for the device lies beside it
            name: tensor[chosen].to(device) for name, tensor in bucket.tensors.items()
        }
        leaves = self.forward.leaves(self.rows.parameters(rows.start, rows.stop))  # name → [rows, *shape]
        losses, weights = self.forward.losses(leaves, batch, valid)  # [rows] both
        gradients = torch.autograd.grad(losses.sum(), list(leaves.values()), allow_unused=True)
        self.rows.accumulate(rows.start, rows.stop, dict(zip(leaves, gradients, strict=True)), weights)
        self.losses[rows] += losses.detach()
        self.weights[rows] += weights
