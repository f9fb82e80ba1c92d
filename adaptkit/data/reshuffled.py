"""Splits dev rows off the training rows again, another random choice for each of several splits."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from adaptkit.data.dev_split import dev_positions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit.data.load import Dataset
    from adaptkit.task import Task


def held_out_rows(
    task: Task, data: Dataset, share: float, seed: int, splits: int
) -> Mapping[int, Sequence[int]]:
    """The number of each split → the positions of its dev rows in the training and dev rows together.

    Split 0 is that of the data. The others are drawn in the same way: stratified, with groups and copies of a
    row kept together. A split depends on the rows, the share, the seed and its number alone.

    Args:
        task: the task of the rows.
        data: rows whose dev rows were split off the training rows.
        share: the share of dev rows, approximately.
        seed: of the study.
        splits: how many there are.
    """
    rows, train = data.train.joined(data.dev), len(data.train)
    own = range(train, len(rows))
    others = (
        dev_positions(task, rows, share, _seed_of(seed, number), data.split) for number in range(1, splits)
    )
    return dict(enumerate([own, *map(sorted, others)]))


def with_split(data: Dataset, held_out: Sequence[int]) -> Dataset:
    """The data with the rows at these positions, in the training and dev rows together, as dev rows."""
    rows, held = data.train.joined(data.dev), frozenset(held_out)
    train = [position for position in range(len(rows)) if position not in held]
    return replace(data, train=rows.take(train), dev=replace(rows.take(held_out), skipped=()))


def _seed_of(seed: int, split: int) -> int:
    digest = sha256(f"{seed} split {split}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
