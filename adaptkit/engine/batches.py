"""The micro-batches of one rung, for all rows of a population; knows no model.

Every row has its own examples, from its own seed, but all meet the same padded shape at every step.
All indices of the rung go to the device at once, so that no step waits for a transfer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from adaptkit.data.encode import Bucket
from adaptkit.data.plan import Plan


@dataclass(frozen=True, kw_only=True)
class RowClock:
    """Where a row stands in its data."""

    seed: int
    epoch: int
    rung: int
    """Within the epoch."""


@dataclass(frozen=True, kw_only=True)
class MicroStep:
    """What all rows take in one micro-step."""

    bucket: Bucket
    places: torch.Tensor
    """``[rows, micro_batch]``: positions in the bucket, -1 where there is no example."""

    seen: Sequence[int]
    """Per row, how many examples these are."""

    tokens: int
    """Over all rows, padding apart."""

    last: bool
    """Whether the rung ends with it."""


def micro_steps(plan: Plan, buckets: Sequence[Bucket], clocks: Sequence[RowClock]) -> Iterator[MicroStep]:
    """The micro-steps of a rung, in the plan's order."""
    contents = [plan.contents(clock.seed, clock.epoch) for clock in clocks]
    host = [
        np.stack([places[bucket][clock.rung] for places, clock in zip(contents, clocks, strict=True)])
        for bucket in range(len(buckets))
    ]  # per bucket [rows, steps, micro_batch]
    device = [
        torch.as_tensor(places).to(bucket.tensors["attention_mask"].device, non_blocking=True)
        for places, bucket in zip(host, buckets, strict=True)
    ]
    taken = [0] * len(buckets)
    for position, bucket in enumerate(plan.sequence):
        step = taken[bucket]
        taken[bucket] += 1
        places = host[bucket][:, step]  # [rows, micro_batch]
        yield MicroStep(
            bucket=buckets[bucket],
            places=device[bucket][:, step],
            seen=(places >= 0).sum(axis=1).tolist(),
            tokens=int((buckets[bucket].sizes[places] * (places >= 0)).sum()),
            last=position == len(plan.sequence) - 1,
        )
