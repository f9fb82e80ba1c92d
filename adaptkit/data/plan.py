"""Plans an epoch: which examples form which micro-batch, from the lengths of the examples alone.

Examples are sorted into length buckets. An epoch is divided into equal rungs, and every rung has the same
sequence of bucket lengths. So trials that started at different times have the same padded shape at every
step. Only the contents are shuffled, by (seed, epoch).

If a bucket is large enough, all micro-batches of an effective batch come from it, so that they can be
processed in one pass. The next effective batch comes from another bucket, because many consecutive steps on
one length train worse. Every micro-batch is full except the last of an epoch, so effective batches have
exactly the requested size.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

LENGTH_STEP = 2
"""Padded lengths are multiples of this."""

MOST_BUCKETS = 12
STEPS_A_BUCKET = 4
"""The least average number of micro-batches of a bucket in a rung; fewer would split up large batches."""

LEAST_GAIN = 0.01
"""The share of the padded tokens that one more bucket must save."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The order in which an epoch uses its ``examples`` examples."""

    lengths: tuple[int, ...]
    """The padded length of each bucket, ascending."""

    members: tuple[NDArray[np.int64], ...]
    """For each bucket the positions of its examples."""

    steps: tuple[int, ...]
    """For each bucket the number of its micro-batches in one rung."""

    micro_batch: int
    rungs_per_epoch: int
    run: int
    """The most consecutive micro-batches of one bucket; no pass has more."""

    seed: int
    """The seed of the order of the buckets."""

    drawn: tuple[int, ...] | None = None
    """For each bucket the number of its examples in an epoch, where trials have rows of their own; else None:
    all."""

    subsets: Mapping[int, tuple[NDArray[np.int64], ...]] = field(default_factory=dict)
    """A trial's split → for each bucket the places in it of the examples that the trial is trained on, at
    least as many as are drawn; see `adaptkit.data.subsets`."""

    def sequence(self, batch_size: int) -> tuple[int, ...]:
        """The bucket of each micro-batch of a rung, for trials of this effective batch size.

        The sequence always ends with a micro-batch of the longest bucket.
        """
        run = max(1, min(batch_size // self.micro_batch, self.run))
        return _sequence(self.steps, self.seed, run)

    @property
    def examples(self) -> int:
        """The number of examples of an epoch."""
        return sum(self.counts)

    @property
    def counts(self) -> tuple[int, ...]:
        """For each bucket the number of its examples in an epoch."""
        return tuple(map(len, self.members)) if self.drawn is None else self.drawn

    def rung_sizes(self) -> list[int]:
        """The number of examples in each rung of an epoch."""
        always = (sum(self.steps) - 1) * self.micro_batch
        last = self.counts[-1] - self.rungs_per_epoch * (self.steps[-1] - 1) * self.micro_batch
        full, rest = divmod(last, self.micro_batch)
        sizes = [always + (self.micro_batch if rung < full else 0) for rung in range(self.rungs_per_epoch)]
        sizes[-1] += rest
        return sizes

    def contents(self, seed: int, epoch: int, split: int = 0) -> list[NDArray[np.int64]]:
        """For each bucket ``[rungs, steps, micro_batch]``: places within the bucket, -1 for none.

        Depends only on the plan and the arguments.
        """
        random = np.random.default_rng([seed, epoch])
        places = self.subsets[split] if self.subsets else [np.arange(count) for count in self.counts]
        return [
            self._arranged(its[random.permutation(len(its))[:count]], steps)
            for its, count, steps in zip(places, self.counts, self.steps, strict=True)
        ]

    def _arranged(self, order: NDArray[np.int64], steps: int) -> NDArray[np.int64]:
        """The order as ``[rungs, steps, micro_batch]``, with missing places where no batch is affected.

        Missing places are in the last step of each rung. Later rungs lack the complete step, and the one
        partly filled micro-batch is the last of the epoch.
        """
        shape = (self.rungs_per_epoch, steps, self.micro_batch)  # [rungs, steps, micro_batch]
        places = np.full(shape, -1, dtype=np.int64)
        inner = self.rungs_per_epoch * (steps - 1) * self.micro_batch
        places[:, : steps - 1] = order[:inner].reshape(self.rungs_per_epoch, steps - 1, self.micro_batch)
        last = order[inner:]
        full, rest = divmod(len(last), self.micro_batch)
        places[:full, -1] = last[: full * self.micro_batch].reshape(full, self.micro_batch)
        if rest:
            places[-1, -1, :rest] = last[full * self.micro_batch :]
        return places


def make_plan(
    lengths: Sequence[int], *, micro_batch: int, rungs_per_epoch: int, seed: int, run: int = 1
) -> Plan:
    """The plan for examples of these lengths; at most ``run`` consecutive micro-batches share a bucket.

    Raises ValueError if there is no example.
    """
    if not lengths:
        raise ValueError("there is no example to train on; expected at least one")
    unit = micro_batch * rungs_per_epoch
    edges = bucket_lengths(lengths, most=max(2, len(lengths) // (unit * STEPS_A_BUCKET)))
    order = np.argsort(np.asarray(lengths), kind="stable")
    sorted_lengths = np.asarray(lengths)[order]
    kept_lengths, members, start = [], [], 0
    for edge in edges[:-1]:
        stop = int(np.searchsorted(sorted_lengths, edge, side="right"))
        stop -= (stop - start) % unit  # examples that do not fill a unit go to the next longer bucket
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
    """At most ``most`` (and `MOST_BUCKETS`) padded lengths that cover ``lengths`` with the fewest tokens.

    A bucket is added only if it saves `LEAST_GAIN` of all tokens. The best edges of ``k`` buckets follow
    from the best edges of ``k - 1`` buckets, by dynamic programming over the lengths that occur.
    """
    steps = -(-np.asarray(lengths) // LENGTH_STEP)
    edges, counts = np.unique(steps, return_counts=True)  # [edges] both, ascending
    covered = np.concatenate([[0], np.cumsum(counts)])  # [edges + 1]: the examples below each edge
    # cost[i, j]: the padded tokens of one bucket over the edges i to j, inclusive; infinite for j < i
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
    """The buckets of a rung: full runs, then shorter runs, shuffled; last a run of the longest bucket."""
    longest = len(steps) - 1
    full = [bucket for bucket, count in enumerate(steps) for _ in range(count // run)]
    rest = [(bucket, count % run) for bucket, count in enumerate(steps) if count % run]
    last = rest.pop() if rest and rest[-1][0] == longest else (full.pop(), run)
    random = np.random.default_rng(seed)
    random.shuffle(full)
    random.shuffle(rest)
    runs = [
        *((bucket, run) for bucket in full),
        *((int(bucket), int(count)) for bucket, count in rest),
        last,
    ]
    return tuple(bucket for bucket, count in runs for _ in range(count))
