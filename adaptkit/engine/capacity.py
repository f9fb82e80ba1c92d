"""How many trials fit and how many pay: measured on the device, with the study's own model and data.

Memory bounds the population; throughput decides how many of its rows go into one pass. Where together
does not pay, one row a pass is chosen, and the population still walks in step, rung by rung.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.accumulate import Accumulator
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, Passes, is_out_of_memory
from adaptkit.engine.batches import MicroStep
from adaptkit.engine.train import Training
from adaptkit.engine.trial_stack import BYTES_PER_PARAMETER, Rows
from adaptkit.engine.types import Trial
from adaptkit.engine.vmap_check import proved
from adaptkit.system.memory import available_bytes

SHARE_OF_FREE_MEMORY = 0.6
"""What may be planned for; the rest is for what a measurement does not see."""

MOST_TOGETHER = 32
FEWEST_JUDGED = 8
"""Even where one row a pass is best, a rung's judgement wants several trials side by side."""

WAVES = 2
"""A study's trials come in so many waves at least, where rows of one pass do not pay for more at once:
what the first wave scored is what the search goes by when it proposes the second."""

SMALL_ROW = 10**6
"""Rows of fewer parameters than this (heads) cost so little that many are kept in step."""

TOKENS_A_PASS = {"cpu": 4096, "cuda": 32768}
"""Tokens in one pass, at most: a bound on its memory, chosen and not measured."""

CHEAP = 0.1
"""Seconds that may be spent on trying more rows though the last ones did not pay."""

WORTHWHILE = 1.1
"""More rows a pass must be this much faster a row, as times on a busy machine are noisy."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What was measured."""

    training: Training
    capacity: int
    """Trials in the population."""

    passes: Passes
    bytes_a_row: int
    """What a trial holds, activations apart: its parameters, gradients and moments."""

    speeds: Mapping[int, float] = field(default_factory=dict)
    """Rows in one pass → examples a second of all of them together, where that was measured."""

    def in_words(self) -> str:
        """How many trials are trained together."""
        if self.capacity == 1:
            return "one trial at a time"
        rows = self.passes.rows
        passes = "all in one pass" if rows >= self.capacity else f"{rows} in one pass"
        return f"{self.capacity} trials in step, {passes}"


def fit(training: Training, *, wanted: int, together: int | None) -> Fit:
    """How the trials of this training fit the device. The module is left in training mode.

    Args:
        training: what is to be trained.
        wanted: the trials there are, at most.
        together: trials in the population and in one pass, as the user asks; None to measure.
    """
    proof = proved(training) if min(wanted, together or wanted) > 1 else training
    training.forward.module.train()  # with dropout, as it will be trained
    passes = Passes(
        rows=1,
        examples=training.plan.run * training.plan.micro_batch,
        tokens=TOKENS_A_PASS[training.forward.device.type],
    )
    row = training.layout.width * BYTES_PER_PARAMETER
    longest = training.buckets[-1].length * training.buckets[-1].choices
    examples = passes.examples_of(longest, 1)
    one_pass = bytes_of_a_pass(training, examples)
    free = SHARE_OF_FREE_MEMORY * free_bytes(training.forward.device)
    fewest = training.plan.micro_batch
    while examples > 1 and (one_pass + row > free or (one_pass > free / 4 and examples > fewest)):
        examples //= 2
        one_pass /= 2
        passes.tokens = examples * longest
    held = max(1, int((free - one_pass) // max(row, 1)))
    gradients = 4 * training.layout.width  # of each row of a pass, besides the pass's activations
    speeds: dict[int, float] = {}
    if together is not None:
        capacity = min(together, wanted, held)
        rows = capacity if proof else 1
    else:
        capacity = min(wanted, held, MOST_TOGETHER)
        fitting = max(1, int((free - capacity * row - one_pass) // gradients))
        speeds = speeds_of(proof or training, min(capacity, fitting) if proof else 1, passes)
        rows = fastest(speeds)
        capacity = min(capacity, max(rows, -(-wanted // WAVES)))
        if row > SMALL_ROW * BYTES_PER_PARAMETER:
            capacity = min(capacity, max(rows, FEWEST_JUDGED))
    return Fit(
        training=proof or training,
        capacity=capacity,
        passes=replace(passes, rows=rows),
        bytes_a_row=row + gradients,
        speeds=speeds,
    )


def free_bytes(device: torch.device) -> int:
    """Memory that can be had now, in bytes."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0]
    return available_bytes()


def bytes_of_a_pass(training: Training, examples: int) -> float:
    """The bytes kept for one row's backward pass at the longest bucket, gradients included."""
    bucket = training.buckets[-1]
    kept: dict[int, int] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    rows = _rows(training, 1)
    step = _step(bucket, 1, min(examples, 2))
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        Accumulator(training.forward, rows, Passes(rows=1, examples=examples)).run(step)
    shared = {storage.untyped_storage().data_ptr() for storage in [rows.theta, *bucket.tensors.values()]}
    shared |= {p.untyped_storage().data_ptr() for p in training.forward.module.parameters()}
    activations = sum(size for pointer, size in kept.items() if pointer not in shared)
    return activations * examples / step.places.shape[1] + 4.0 * training.layout.width


def speeds_of(training: Training, most: int, passes: Passes) -> dict[int, float]:
    """Rows in one pass, doubled up to ``most`` while that pays, and the examples a second of all together.

    Where trying costs next to nothing it goes on beyond a size that does not pay: rows together have a cost
    of their own, which two small heads do not outweigh, and eight do several times over.
    """
    speeds: dict[int, float] = {}
    rows = 1
    while rows <= most:
        started = time.perf_counter()
        speeds[rows] = _examples_a_second(training, replace(passes, rows=rows))
        if fastest(speeds) < rows and time.perf_counter() - started > CHEAP:
            break
        rows *= 2
    return speeds


def fastest(speeds: Mapping[int, float]) -> int:
    """The rows in one pass beyond which more were not worthwhile; 1 if none were measured."""
    best = 1
    for rows in sorted(speeds):
        if speeds[rows] > WORTHWHILE * speeds[best]:
            best = rows
    return best


def _examples_a_second(training: Training, passes: Passes) -> float:
    """The speed of the smallest batch's steps at the commonest bucket; 0 if they do not fit.

    The smallest, as it is in small steps that rows gain by going together.
    """
    commonest = max(range(len(training.plan.steps)), key=training.plan.steps.__getitem__)
    bucket = training.buckets[commonest]
    examples = min(training.plan.micro_batch, passes.examples_of(bucket.length * bucket.choices, passes.rows))
    step = _step(bucket, passes.rows, examples)
    try:
        rows = _rows(training, passes.rows)
        accumulator = Accumulator(training.forward, rows, passes)
        times = []
        for _ in range(3):
            started = time.perf_counter()
            accumulator.run(step)
            for row in range(passes.rows):
                rows.step(row, 0.0)
            if training.forward.device.type == "cuda":
                torch.cuda.synchronize(training.forward.device)
            times.append(time.perf_counter() - started)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
        return 0.0
    # What did not fit as one pass was done by finer ones, and tells nothing of this size.
    return 0.0 if passes.retreats else passes.rows * examples / min(times)


def _rows(training: Training, count: int) -> Rows:
    rows = Rows(training.layout, count, training.forward.device)
    trial = Trial(number=0, learning_rate=0.0, batch_size=1, epochs=1)
    for _ in range(count):
        rows.add(training.initial.to(training.forward.device), trial)
    return rows


def _step(bucket: Bucket, rows: int, examples: int) -> MicroStep:
    """A micro-step on the bucket's first examples; short buckets are gone through again."""
    some = torch.arange(examples, device=bucket.tensors["attention_mask"].device) % len(bucket.positions)
    places = some.expand(rows, examples)  # [rows, examples]
    return MicroStep(bucket=bucket, places=places, seen=[examples] * rows, tokens=0, last=True)
