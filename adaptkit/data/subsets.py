"""Plans an epoch for trials that are each trained on rows of their own, such as those outside a fold.

All trials must meet the same padded shape at every step, so all have equally many examples in each bucket.
A bucket has as many as every trial can fill with examples that are short enough; the longest ones that a
trial has beyond that are in its next bucket, with more padding. An epoch has as many examples as the trial
with the fewest has. Trials with more leave out a few in each epoch, others each time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from adaptkit.data.plan import Plan, make_plan

Places = NDArray[np.int64]


def make_plan_for(
    lengths: Sequence[int], subsets: Mapping[int, Places], *,
    micro_batch: int, rungs_per_epoch: int, seed: int, run: int = 1,
) -> Plan:  # fmt: skip
    """The plan for examples of these lengths, of which each split of ``subsets`` trains on some.

    Args:
        lengths: of all examples.
        subsets: split → the positions of its examples.
        micro_batch: examples of a trial in a micro-batch.
        rungs_per_epoch: how often the trials are scored in an epoch.
        seed: of the order of the buckets.
        run: the most consecutive micro-batches of one bucket.

    Raises:
        ValueError: there is no split, or one without an example.
    """
    if not subsets or not all(len(places) for places in subsets.values()):
        raise ValueError("there is a split without an example to train on; expected at least one")
    known = np.asarray(lengths)
    ordered = {split: _by_length(known, places) for split, places in subsets.items()}
    smallest = min(map(len, ordered.values()))
    unit = micro_batch * rungs_per_epoch
    usual = make_plan(lengths, micro_batch=micro_batch, rungs_per_epoch=rungs_per_epoch, seed=seed, run=run)
    kept, ends = _ends(usual.lengths, [known[its] for its in ordered.values()], smallest, unit)
    drawn = tuple(int(count) for count in np.diff([0, *ends]))
    positions = {split: _parts(its, ends, smallest) for split, its in ordered.items()}
    members = [
        np.unique(np.concatenate([its[bucket] for its in positions.values()])) for bucket in range(len(kept))
    ]
    return replace(
        usual, lengths=kept, members=tuple(members), drawn=drawn,
        steps=tuple(math.ceil(count / unit) for count in drawn),
        subsets={
            split: tuple(np.searchsorted(all_, its) for all_, its in zip(members, parts, strict=True))
            for split, parts in positions.items()
        },
    )  # fmt: skip


def _by_length(lengths: NDArray[np.int64], places: Places) -> Places:
    """The positions, those of the shortest examples first; the same for any order of them."""
    places = np.sort(places)
    return places[np.argsort(lengths[places], kind="stable")]


def _ends(
    edges: Sequence[int], lengths: Sequence[NDArray[np.int64]], smallest: int, unit: int
) -> tuple[tuple[int, ...], list[int]]:
    """The padded lengths of the buckets, and how many examples of an epoch are in each or a shorter one.

    Args:
        edges: padded lengths, ascending.
        lengths: of each split's examples, ascending.
        smallest: the examples of an epoch.
        unit: a bucket other than the last has a multiple of this.
    """
    kept: list[int] = []
    ends: list[int] = []
    for edge in edges[:-1]:
        # A split with n examples, of which c are short enough, fills smallest * c / n places of an epoch.
        end = min(smallest * int(np.searchsorted(its, edge, side="right")) // len(its) for its in lengths)
        start = ends[-1] if ends else 0
        end -= (end - start) % unit
        if start < end < smallest:
            kept.append(edge)
            ends.append(end)
    return (*kept, edges[-1]), [*ends, smallest]


def _parts(ordered: Places, ends: Sequence[int], smallest: int) -> list[Places]:
    """A split's examples by bucket, in proportion to the places of an epoch."""
    return np.split(ordered, [end * len(ordered) // smallest for end in ends[:-1]])
