"""One micro-step of a population: forward and backward for all slots, gradients added to theirs.

The step is cut into passes over some slots and some examples. A pass adds all of its gradients or, when
memory runs out, none. It is then repeated in smaller parts, so a trial's result does not depend on what
fitted, except for the draws of dropout.
"""

from __future__ import annotations

import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, BatchLimits, is_out_of_memory
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.forward import Forward
from adaptkit.engine.trial_stack import TrialStack
from adaptkit.errors import TrialOutOfMemory


class Accumulator:
    """Runs micro-steps over one rung, and keeps each slot's losses and failures."""

    def __init__(self, forward: Forward, slots: TrialStack, limits: BatchLimits) -> None:
        self.forward = forward
        self.stack = slots
        self.limits = limits
        self.losses = torch.zeros(slots.active, device=forward.device)  # [slots], summed over the rung
        self.weights = torch.zeros(slots.active, device=forward.device)  # [slots]
        self.failures: list[TrialOutOfMemory | None] = [None] * slots.active

    def run(self, step: MicroStep, first: int = 0) -> None:
        """Adds the gradients of one micro-step to its slots, from slot ``first`` of the population on."""
        self._stack(step, first, range(first, first + len(step.places)), 0)

    def mean_losses(self) -> list[float]:
        """Each slot's mean loss per item over the rung so far."""
        return (self.losses / self.weights.clamp_min(1e-12)).tolist()

    def _stack(self, step: MicroStep, first: int, slots: range, example: int) -> None:
        """The micro-step of some slots, from ``example`` on: as many slots at once as go into a pass."""
        slot = slots.start
        while slot < slots.stop:
            stop = min(slots.stop, slot + self.limits.slots)
            if stop - slot > 1 or self.failures[slot] is None:
                self._examples(step, first, range(slot, stop), example)
            slot = stop

    def _examples(self, step: MicroStep, first: int, slots: range, example: int) -> None:
        """The micro-step of the slots of one pass, from ``example`` on.

        What did not fit is repeated in smaller passes from there on.
        """
        length, count = step.bucket.length * step.bucket.choices, step.places.shape[1]
        while example < count:
            stop = min(count, example + self.limits.examples_of(length, len(slots)))
            places = step.places[slots.start - first : slots.stop - first, example:stop]  # [slots, examples]
            seeds = step.seeds[slots.start - first : slots.stop - first, example:stop]  # [slots, examples]
            if self._fits(step.bucket, places, seeds, slice(slots.start, slots.stop)):
                example = stop
            elif self.limits.shrink(stop - example):
                self._stack(step, first, slots, example)
                return
            else:  # one slot, one example
                self.failures[slots.start] = TrialOutOfMemory("out of memory: not even one example fits")
                return

    def _fits(self, bucket: Bucket, places: torch.Tensor, seeds: torch.Tensor, slots: slice) -> bool:
        """Runs the pass; False if memory ran out, and then it has changed nothing."""
        try:
            self._pass(bucket, places, seeds, slots)
        except OUT_OF_MEMORY as error:
            if not is_out_of_memory(error):
                raise
            return False  # here, nothing refers to the tensors of the failed pass any more
        return True

    def _pass(self, bucket: Bucket, places: torch.Tensor, seeds: torch.Tensor, slots: slice) -> None:
        """Forward and backward of some slots on some examples; adds all its gradients, or raises.

        Args:
            bucket: what holds the examples.
            places: ``[slots, examples]``, positions in the bucket, or -1 for no example.
            seeds: ``[slots, examples]``, the numbers that `Task.augment` draws from.
            slots: of the population.
        """
        device, chosen = self.forward.device, places.clamp_min(0)
        valid = (places >= 0).to(device)  # [slots, examples]
        batch = {  # name → [slots, examples, ...]; a bucket too large for the device is in main memory
            name: tensor.to(device) for name, tensor in bucket.tensors.at(chosen).items()
        }
        batch = self.forward.augmented(batch, seeds.to(device))
        leaves = self.forward.leaves(self.stack.parameters(slots.start, slots.stop))  # name → [slots, *shape]
        losses, weights = self.forward.losses(leaves, batch, valid)  # [slots] both
        gradients = torch.autograd.grad(losses.sum(), list(leaves.values()), allow_unused=True)
        self.stack.accumulate(slots.start, slots.stop, dict(zip(leaves, gradients, strict=True)), weights)
        self.losses[slots] += losses.detach()
        self.weights[slots] += weights
