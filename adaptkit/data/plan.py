"""The plan of an epoch: which examples meet in which micro-batch; knows lengths and numbers only.

Examples are sorted into length buckets. An epoch is cut into equal rungs, and every rung has the
same sequence of bucket lengths, so that trials that started at different times meet the same padded
shape at every step; only the contents are shuffled, by (seed, epoch). A whole effective batch is of one
bucket where that has enough, so that it can be taken in one pass, and the next is of another: steps that
follow one another on one length would learn worse. Every micro-batch is full but
the last of an epoch, so that an effective batch is exactly what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LENGTH_STEP = 2
"""Padded lengths are multiples of this."""

MOST_BUCKETS = 12
STEPS_A_BUCKET = 4
"""Micro-batches of a bucket in a rung, on average at least: fewer would cut large batches into small ones."""

LEAST_GAIN = 0.01
"""One more bucket must save this share of the padded tokens."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How an epoch over ``examples`` examples is walked."""

    lengths: tuple[int, ...]
    """The padded length of each bucket, rising."""

    members: tuple[NDArray[np.int64], ...]
    """Per bucket the positions of its examples."""

    steps: tuple[int, ...]
    """Per bucket its micro-batches in one rung."""

    micro_batch: int
    rungs_per_epoch: int
    run: int
    """The most micro-batches of one bucket that follow one another: no pass has more."""

    seed: int
    """Of the order of the buckets."""

    def sequence(self, batch_size: int) -> tuple[int, ...]:
        """The bucket of each micro-batch of a rung, for trials of this effective batch size.

        The longest bucket's last one ends it, whatever the batch size.
        """
        run = max(1, min(batch_size // self.micro_batch, self.run))
        return _sequence(self.steps, self.seed, run)

    @property
    def examples(self) -> int:
        """The examples of an epoch."""
        return sum(map(len, self.members))

    def rung_sizes(self) -> list[int]:
        """The examples in each rung of an epoch."""
        always = (sum(self.steps) - 1) * self.micro_batch
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


def make_plan(
    lengths: Sequence[int], *, micro_batch: int, rungs_per_epoch: int, seed: int, run: int = 1
) -> Plan:
    """The plan for examples of these lengths; a batch has at most ``run`` micro-batches of one bucket.

    Raises ValueError if there is no example.
    """
    if not lengths:
        raise ValueError("no example to train on")
    unit = micro_batch * rungs_per_epoch
    edges = bucket_lengths(lengths, most=max(2, len(lengths) // (unit * STEPS_A_BUCKET)))
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
        micro_batch=micro_batch,
        rungs_per_epoch=rungs_per_epoch,
        run=run,
        seed=seed,
    )


def bucket_lengths(lengths: Sequence[int], most: int = MOST_BUCKETS) -> list[int]:
    """At most ``most`` (and `MOST_BUCKETS`) padded lengths that cover ``lengths`` in the fewest tokens.

    As many as pay: the last one still saved `LEAST_GAIN` of all tokens. The best edges of ``k`` buckets
    follow from the best ones of ``k - 1``, by dynamic programming over the lengths that occur.
    """
    steps = -(-np.asarray(lengths) // LENGTH_STEP)
    edges, counts = np.unique(steps, return_counts=True)  # [edges] both, rising
    covered = np.concatenate([[0], np.cumsum(counts)])  # [edges + 1]: the examples below each edge
    # cost[i, j]: the padded tokens of one bucket over the edges i to j, both included; never j < i
    cost = np.where(
        np.arange(len(edges))[:, None] <= np.arange(len(edges)),
        edges * (covered[1:] - covered[:-1, None]),
        math.inf,
    )  # [edges, edges]
    best, ends = cost[0], [[position] for position in range(len(edges))]
    for _ in range(min(most, MOST_BUCKETS, len(edges)) - 1):
        through = best[:-1, None] + cost[1:]  # [edges - 1, edges]: up to i, then one bucket from i + 1 to j
        before, better = through.argmin(axis=0), through.min(axis=0)  # [edges] both
        if not better[-1] < (1 - LEAST_GAIN) * best[-1]:
            break
        ends = [[*ends[before[j]], j] if better[j] < best[j] else ends[j] for j in range(len(edges))]
        best = np.minimum(best, better)
    return [int(edges[position]) * LENGTH_STEP for position in ends[-1]]


def _sequence(steps: Sequence[int], seed: int, run: int) -> tuple[int, ...]:
    """The buckets of a rung in runs: whole ones shuffled, then what is left, the longest bucket's last."""
    longest = len(steps) - 1
    whole = [bucket for bucket, count in enumerate(steps) for _ in range(count // run)]
    rest = [(bucket, count % run) for bucket, count in enumerate(steps) if count % run]
    last = rest.pop() if rest and rest[-1][0] == longest else (whole.pop(), run)
    random = np.random.default_rng(seed)
    random.shuffle(whole)
    random.shuffle(rest)
    runs = [
        *((bucket, run) for bucket in whole),
        *((int(bucket), int(count)) for bucket, count in rest),
        last,
    ]
    return tuple(bucket for bucket, count in runs for _ in range(count))
