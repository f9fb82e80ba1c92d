"""The micro-steps of one rung, for slots that are trained together.

Every slot has its own examples, from its own seed, but the padded shape of a step is the same for all. A step
is as long as the slots' batches and the run of one bucket allow, so a large batch is one pass. All indices of
the rung go to the device at once, so no step waits for a transfer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import torch

from adaptkit.data.encode import Bucket
from adaptkit.data.plan import Plan
from adaptkit.tasks.draws import mixed


@dataclass(frozen=True, kw_only=True)
class SlotClock:
    """A slot's position in its data."""

    seed: int
    epoch: int
    rung: int
    """Within the epoch."""

    split: int = 0
    """The rows it is trained on."""


@dataclass(frozen=True, kw_only=True)
class MicroStep:
    """What all slots are trained on in one micro-step."""

    bucket: Bucket
    places: torch.Tensor
    """``[slots, examples]``: positions in the bucket, or -1 for no example."""

    seeds: torch.Tensor
    """``[slots, examples]``: a number for each, another one in each trial and epoch; see `Task.augment`."""

    seen: Sequence[int]
    """Per slot, how many examples these are."""

    tokens: int
    """Over all slots, padding apart."""

    last: bool
    """Whether the rung ends with it."""


def micro_steps(
    plan: Plan,
    buckets: Sequence[Bucket],
    clocks: Sequence[SlotClock],
    batch_size: int,
    room: Callable[[], int],
) -> Iterator[MicroStep]:
    """The micro-steps of a rung, in the plan's order for this effective batch size.

    ``room`` is asked before each step how many examples every slot may take: what is left of its batch.
    """
    contents = [plan.contents(clock.seed, clock.epoch, clock.split) for clock in clocks]
    host = [
        np.stack(
            [places[bucket][clock.rung].reshape(-1) for places, clock in zip(contents, clocks, strict=True)]
        )
        for bucket in range(len(buckets))
    ]  # per bucket [slots, steps * micro_batch]
    device = [
        torch.as_tensor(places).to(bucket.tensors.device, non_blocking=True)
        for places, bucket in zip(host, buckets, strict=True)
    ]
    seeds = [_seeds(bucket, places, clocks) for bucket, places in enumerate(device)]
    taken = [0] * len(buckets)
    runs = [
        (bucket, len(list(steps)) * plan.micro_batch) for bucket, steps in groupby(plan.sequence(batch_size))
    ]
    for position, (bucket, left) in enumerate(runs):
        while left:
            count = min(left, max(plan.micro_batch, room()))
            part = slice(taken[bucket], taken[bucket] + count)
            taken[bucket] += count
            left -= count
            places = host[bucket][:, part]  # [slots, examples]
            yield MicroStep(
                bucket=buckets[bucket],
                places=device[bucket][:, part],
                seeds=seeds[bucket][:, part],
                seen=(places >= 0).sum(axis=1).tolist(),
                tokens=int((buckets[bucket].sizes[places] * (places >= 0)).sum()),
                last=not left and position == len(runs) - 1,
            )


def _seeds(bucket: int, places: torch.Tensor, clocks: Sequence[SlotClock]) -> torch.Tensor:
    """A number for each of the ``places [slots, examples]`` of a bucket: the same wherever it is computed."""
    slots = torch.tensor([[clock.seed, clock.epoch] for clock in clocks], device=places.device)  # [slots, 2]
    of_slots = mixed(mixed(slots[:, 0]) + slots[:, 1])  # [slots]
    return mixed(mixed(of_slots + bucket).unsqueeze(1) + places.clamp_min(0))
