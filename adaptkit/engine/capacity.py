"""How many trials are trained together: measured on the device, with the study's own model and data.

Memory limits the population. Speed decides how many of its slots share a pass. If sharing is not faster, each
slot has its own pass, and the population is still trained in step, rung by rung.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, BatchLimits, is_out_of_memory
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import BYTES_PER_PARAMETER, TrialStack
from adaptkit.engine.types import Trial
from adaptkit.engine.vmap_check import NO_MEMORY, VmapCheck, vmap_check
from adaptkit.system.memory import available_bytes

SHARE_OF_FREE_MEMORY = 0.6
"""The share of free memory that is planned for; the rest is for what the measurement does not cover."""

MOST_TOGETHER = 32
FEWEST_COMPARED = 8
"""Even if one slot per pass is fastest, pruning after a rung needs several trials to compare."""

WAVES = 2
"""A study's trials are trained in at least so many waves, unless more slots in one pass are faster: the
search uses the scores of the first wave when it proposes the second."""

SMALL_SLOT = 10**6
"""Slots with fewer parameters than this, such as heads, cost so little that many are trained in step."""

TOKENS_A_PASS = {"cpu": 4096, "cuda": 32768}
"""Tokens in one pass, at most: a limit on its memory, chosen and not measured."""

CHEAP = 0.1
"""Seconds that may be spent on measuring more slots although the last ones were not faster."""

WORTHWHILE = 1.1
"""More slots in a pass must be faster by this factor, because times on a busy machine are noisy."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What was measured."""

    training: Training
    slots: int
    """Trials in the population."""

    limits: BatchLimits
    bytes_a_slot: int
    """The memory of a trial without activations: its parameters, gradients and moments."""

    speeds: Mapping[int, float] = field(default_factory=dict)
    """Slots in one pass → examples per second of all of them together, where that was measured."""

    reason: str = ""
    """Why trials cannot share a pass; empty if they can, or if there is one trial."""

    def shared(self, workers: int) -> Capacity:
        """The capacity of each of several workers that share this machine's memory."""
        if workers == 1:
            return self
        free = SHARE_OF_FREE_MEMORY * free_bytes(self.training.forward.device)
        slots = max(1, min(self.slots, int(free / workers / max(self.bytes_a_slot, 1))))
        at_once = min(slots, self.limits.slots)
        return replace(self, slots=slots, limits=replace(self.limits, slots=at_once))

    def in_words(self) -> str:
        """How many trials are trained together."""
        if self.slots == 1:
            return "one trial at a time"
        slots = self.limits.slots
        passes = "all in one pass" if slots >= self.slots else f"{slots} in one pass"
        return f"{self.slots} trials in step, {passes}"


def plan_capacity(training: Training, *, wanted: int, parallel_trials: int | None) -> Capacity:
    """How many trials of this training are trained together. The module is left in training mode.

    Args:
        training: what is trained.
        wanted: the number of trials left, at most.
        parallel_trials: trials in the population and in one pass, as the user asks. None to measure.
    """
    check = _check(training, wanted, parallel_trials)
    checked = check.training
    training.forward.module.train()  # with dropout, as it will be trained
    limits = BatchLimits(
        slots=1,
        examples=training.plan.run * training.plan.micro_batch,
        tokens=TOKENS_A_PASS[training.forward.device.type],
    )
    slot = training.layout.width * BYTES_PER_PARAMETER
    longest = training.buckets[-1].length * training.buckets[-1].choices
    examples = limits.examples_of(longest, 1)
    one_pass = bytes_of_a_pass(training, examples)
    free = SHARE_OF_FREE_MEMORY * free_bytes(training.forward.device)
    fewest = training.plan.micro_batch
    while examples > 1 and (one_pass + slot > free or (one_pass > free / 4 and examples > fewest)):
        examples //= 2
        one_pass /= 2
        limits.tokens = examples * longest
    held = max(1, int((free - one_pass) // max(slot, 1)))
    gradients = 4 * training.layout.width  # of each slot of a pass, besides the pass's activations
    speeds: dict[int, float] = {}
    if parallel_trials is not None:
        capacity = min(parallel_trials, wanted, held)
        slots = capacity if checked else 1
    else:
        capacity = min(wanted, held, MOST_TOGETHER)
        fitting = max(1, int((free - capacity * slot - one_pass) // gradients))
        speeds = speeds_of(checked or training, min(capacity, fitting) if checked else 1, limits)
        slots = fastest(speeds)
        capacity = min(capacity, max(slots, -(-wanted // WAVES)))
        if slot > SMALL_SLOT * BYTES_PER_PARAMETER:
            capacity = min(capacity, max(slots, FEWEST_COMPARED))
    return Capacity(
        training=checked or training,
        slots=capacity,
        limits=replace(limits, slots=slots),
        bytes_a_slot=slot + gradients,
        speeds=speeds,
        reason=check.reason or (NO_MEMORY if wanted > 1 and held == 1 else ""),
    )


def _check(training: Training, wanted: int, parallel_trials: int | None) -> VmapCheck:
    """Whether the slots may share a pass; one trial alone needs no check."""
    if wanted == 1:
        return VmapCheck(training=training)
    if parallel_trials == 1:
        return VmapCheck(training=training, reason="--parallel-trials 1")
    return vmap_check(training)


def free_bytes(device: torch.device) -> int:
    """The memory that is free now, in bytes."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return available_bytes()


def bytes_of_a_pass(training: Training, examples: int) -> float:
    """The bytes kept for one slot's backward pass on the longest bucket, with its gradients."""
    bucket = training.buckets[-1]
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    slots = _stack(training, 1)
    step = _step(bucket, 1, min(examples, 2))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        Accumulator(training.forward, slots, BatchLimits(slots=1, examples=examples)).run(step)
    shared = {p.untyped_storage().data_ptr() for p in training.forward.module.parameters()}
    shared.add(slots.theta.untyped_storage().data_ptr())
    activations = sum(size for pointer, size in kept.items() if pointer not in shared)
    return activations * examples / step.places.shape[1] + 4.0 * training.layout.width


def speeds_of(training: Training, most: int, limits: BatchLimits) -> dict[int, float]:
    """Slots in one pass → examples per second of all together; doubled up to ``most`` while that is faster.

    If a measurement takes almost no time, larger sizes are measured even after one that was not faster: slots
    in one pass have a fixed cost, which may exceed the gain for two small heads and not for eight.
    """
    speeds: dict[int, float] = {}
    slots = 1
    while slots <= most:
        started = time.perf_counter()
        speeds[slots] = _examples_a_second(training, replace(limits, slots=slots))
        if fastest(speeds) < slots and time.perf_counter() - started > CHEAP:
            break
        slots *= 2
    return speeds


def fastest(speeds: Mapping[int, float]) -> int:
    """The slots in one pass beyond which more were not `WORTHWHILE`; 1 if none were measured."""
    best = 1
    for slots in sorted(speeds):
        if speeds[slots] > WORTHWHILE * speeds[best]:
            best = slots
    return best


def _examples_a_second(training: Training, limits: BatchLimits) -> float:
    """The speed of the smallest batch's steps on the most common bucket; 0 if they do not fit.

    The smallest batch, because slots that share a pass gain most in small steps.
    """
    commonest = max(range(len(training.plan.steps)), key=training.plan.steps.__getitem__)
    bucket = training.buckets[commonest]
    examples = min(
        training.plan.micro_batch, limits.examples_of(bucket.length * bucket.choices, limits.slots)
    )
    step = _step(bucket, limits.slots, examples)
    try:
        slots = _stack(training, limits.slots)
        accumulator = Accumulator(training.forward, slots, limits)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            accumulator.run(step)
            for slot in range(limits.slots):
                slots.step(slot, 0.0)
            if training.forward.device.type == "cuda":
                torch.cuda.synchronize(training.forward.device)
            times.append(time.perf_counter() - started)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
        return 0.0
    # A step that did not fit was done in smaller passes, whose speed is not that of this size.
    return 0.0 if limits.times_shrunk else limits.slots * examples / min(times)


def _stack(training: Training, count: int) -> TrialStack:
    slots = TrialStack(training.layout, count, training.forward.device)
    trial = Trial(number=0, learning_rate=0.0, batch_size=1, epochs=1)
    for _ in range(count):
        slots.add(training.initial.to(training.forward.device), trial)
    return slots


def _step(bucket: Bucket, slots: int, examples: int) -> MicroStep:
    """A micro-step on the bucket's first examples, repeated if there are not enough."""
    some = torch.arange(examples, device=bucket.tensors.device) % len(bucket.positions)
    places = some.expand(slots, examples)  # [slots, examples]
    return MicroStep(bucket=bucket, places=places, seeds=places, seen=[examples] * slots, tokens=0, last=True)
