"""One micro-step of a population: forward and backward for all rows, gradients added to the rows'.

The step is cut into passes over some rows and some examples. A pass either adds all of its gradients
or, when memory runs out in it, none; it is then cut finer and done again, so that nothing of a trial
depends on what fitted where, but for the draws of dropout. Knows no optimiser step and no score.
"""

from __future__ import annotations

import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, Passes, is_out_of_memory
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.forward import Forward
from adaptkit.engine.trial_stack import Rows
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
        self._rows(step, first, range(first, first + len(step.places)), 0)

    def mean_losses(self) -> list[float]:
        """Each row's mean loss per item over the rung so far."""
        return (self.losses / self.weights.clamp_min(1e-12)).tolist()

    def _rows(self, step: MicroStep, first: int, rows: range, example: int) -> None:
        """The micro-step of some rows, from ``example`` on: as many rows at once as go into a pass."""
        row = rows.start
        while row < rows.stop:
            stop = min(rows.stop, row + self.passes.rows)
            if stop - row > 1 or self.failures[row] is None:
                self._examples(step, first, range(row, stop), example)
            row = stop

    def _examples(self, step: MicroStep, first: int, rows: range, example: int) -> None:
        """The micro-step of the rows of one pass, from ``example`` on.

        What a pass does not fit is done by finer ones from where it failed.
        """
        length, count = step.bucket.length * step.bucket.choices, step.places.shape[1]
        while example < count:
            stop = min(count, example + self.passes.examples_of(length, len(rows)))
            places = step.places[rows.start - first : rows.stop - first, example:stop]  # [rows, examples]
            if self._fits(step.bucket, places, slice(rows.start, rows.stop)):
                example = stop
            elif self.passes.retreat(stop - example):
                self._rows(step, first, rows, example)
                return
            else:  # one row, one example
                self.failures[rows.start] = TrialOutOfMemory("out of memory: not even one example fits")
                return

    def _fits(self, bucket: Bucket, places: torch.Tensor, rows: slice) -> bool:
        """Whether memory sufficed for the pass; if not, it has left no trace."""
        try:
            self._pass(bucket, places, rows)
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error):
                raise
            return False  # out here, nothing holds the tensors of the pass that failed any more
        return True

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
