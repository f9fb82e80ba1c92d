"""The plan of an epoch: which examples meet in which micro-batch; knows lengths and numbers only.

Examples are sorted into length buckets. An epoch is cut into equal rungs, and every rung has the
same sequence of bucket lengths, so that trials that started at different times meet the same padded
shape at every step; only the contents are shuffled, by (seed, epoch). Every micro-batch is full but
the last of an epoch, so that an effective batch is exactly what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LENGTH_STEP = 8
"""Padded lengths are multiples of this."""

MOST_BUCKETS = 6


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How an epoch over ``examples`` examples is walked."""

    lengths: tuple[int, ...]
    """The padded length of each bucket, rising."""

    members: tuple[NDArray[np.int64], ...]
    """Per bucket the positions of its examples."""

    steps: tuple[int, ...]
    """Per bucket its micro-batches in one rung."""

    sequence: tuple[int, ...]
    """The bucket of each micro-step of a rung; the longest bucket's come last."""

    micro_batch: int
    rungs_per_epoch: int

    @property
    def examples(self) -> int:
        """The examples of an epoch."""
        return sum(map(len, self.members))

    def rung_sizes(self) -> list[int]:
        """The examples in each rung of an epoch."""
        always = (len(self.sequence) - 1) * self.micro_batch
        last = len(self.members[-1]) - self.rungs_per_epoch * (self.steps[-1] - 1) * self.micro_batch
        whole, rest = divmod(last, self.micro_batch)
        sizes = [always + (self.micro_batch if rung < whole else 0) for rung in range(self.rungs_per_epoch)]
        sizes[-1] += rest
        return sizes

    def contents(self, seed: int, epoch: int) -> list[NDArray[np.int64]]:
        """Per bucket ``[rungs, steps, micro_batch]``: places within the bucket, -1 where there is none.

        Depends on nothing but the plan, ``seed`` and ``epoch``.
        """
        random = np.random.default_rng([seed, epoch])
        return [
            self._arranged(random.permutation(len(members)), steps)
            for members, steps in zip(self.members, self.steps, strict=True)
        ]

    def _arranged(self, order: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
        """The order in ``[rungs, steps, micro_batch]``; what is missing is missing where it harms no batch.

        Missing places lie in the last step of the rungs: whole steps first, in the later rungs, and the
        one partly filled micro-batch at the very end of the epoch.
        """
        shape = (self.rungs_per_epoch, steps, self.micro_batch)  # [rungs, steps, micro_batch]
        places = np.full(shape, -1, dtype=np.int64)
        inner = self.rungs_per_epoch * (steps - 1) * self.micro_batch
        places[:, : steps - 1] = order[:inner].reshape(self.rungs_per_epoch, steps - 1, self.micro_batch)
        last = order[inner:]
        whole, rest = divmod(len(last), self.micro_batch)
        places[:whole, -1] = last[: whole * self.micro_batch].reshape(whole, self.micro_batch)
        if rest:
            places[-1, -1, :rest] = last[whole * self.micro_batch :]
        return places


def make_plan(lengths: Sequence[int], *, micro_batch: int, rungs_per_epoch: int, seed: int) -> Plan:
    """The plan for examples of these lengths.

    Raises ValueError if there is no example.
    """
    if not lengths:
        raise ValueError("no example to train on")
    unit = micro_batch * rungs_per_epoch
    edges = bucket_lengths(lengths)
    order = np.argsort(np.asarray(lengths), kind="stable")
    sorted_lengths = np.asarray(lengths)[order]
    kept_lengths, members, start = [], [], 0
    for edge in edges[:-1]:
        stop = int(np.searchsorted(sorted_lengths, edge, side="right"))
        stop -= (stop - start) % unit  # what fills no unit moves up to the next longer bucket
        if stop > start:
            kept_lengths.append(edge)
            members.append(order[start:stop])
            start = stop
    kept_lengths.append(edges[-1])
    members.append(order[start:])
    steps = [math.ceil(len(member) / unit) for member in members]
    return Plan(
        lengths=tuple(kept_lengths),
        members=tuple(members),
        steps=tuple(steps),
        sequence=_sequence(steps, seed),
        micro_batch=micro_batch,
        rungs_per_epoch=rungs_per_epoch,
    )


def bucket_lengths(lengths: Sequence[int]) -> list[int]:
    """At most `MOST_BUCKETS` padded lengths that cover ``lengths``, at equal shares of the examples."""
    shares = np.linspace(0, 1, MOST_BUCKETS + 1)[1:]
    quantiles = np.quantile(np.asarray(lengths), shares, method="higher")
    return sorted({math.ceil(length / LENGTH_STEP) * LENGTH_STEP for length in quantiles.tolist()})


def _sequence(steps: Sequence[int], seed: int) -> tuple[int, ...]:
    """The buckets of a rung in an order that mixes the lengths and ends with the longest bucket."""
    longest = len(steps) - 1
    mixed = [bucket for bucket, count in enumerate(steps) for _ in range(count)][:-1]
    np.random.default_rng(seed).shuffle(mixed)
    return (*mixed, longest)
