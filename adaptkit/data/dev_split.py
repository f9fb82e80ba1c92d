"""Chooses dev rows among the training rows: by groups, row by row, or with the copies of a row together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.data.duplicates import first_copies
from adaptkit.data.group_splits import chosen_groups, dev_groups
from adaptkit.data.splits import dev_rows, too_few_rows

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.task import Task

COPIES_IN_TRAIN = 2
"""The last version of the split in which every row that occurs more than once stays in train."""


def dev_positions(task: Task, rows: Rows, share: float, seed: int, version: int) -> set[int]:
    """The positions of the rows that become dev rows: random, about this share, stratified.

    Groups stay together, and so do the copies of a row, which ask the same question. Every label keeps a
    training row.

    Args:
        task: its `stratify_by` gives the stratum of a row; by default it is the row's rarest label.
        rows: the rows to split.
        share: the share of dev rows, approximately.
        seed: the seed of the random choice.
        version: how the rows are split; see `adaptkit.data.groups.SPLIT_VERSION`.

    Raises:
        DataError: there are too few rows or groups for even one dev row.
    """
    if rows.groups:
        return dev_groups(task, rows, share, seed)
    if version <= COPIES_IN_TRAIN:
        return dev_rows(task, rows, share, seed)
    firsts = first_copies(task, rows).tolist()  # [rows]
    different = len(set(firsts))
    if different == len(rows):
        return dev_rows(task, rows, share, seed)
    dev = chosen_groups(task, rows, list(map(str, firsts)), share, seed)
    if not dev:
        raise too_few_rows(rows, different)
    return dev
