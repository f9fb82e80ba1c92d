"""Splits dev rows off the training rows, row by row: stratified, and equal on every machine."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from adaptkit.data.duplicates import occur_once
from adaptkit.data.labels import counts_of, names_in, strata_of
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task


def split_off_dev(task: Task, rows: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    """(train, dev): a random share of the rows becomes dev rows, in proportion for each stratum.

    Every label keeps a training row. Rows with the same question stay in train together.

    Args:
        task: its `stratify_by` gives the stratum of a row; by default it is the row's rarest label.
        rows: the rows to split.
        share: the share of dev rows, approximately.
        seed: the seed of the random choice.

    Raises:
        DataError: there are too few rows for even one dev row.
    """
    return parts_of(rows, dev_rows(task, rows, share, seed))


def dev_rows(task: Task, rows: Rows, share: float, seed: int) -> set[int]:
    """The positions of the rows that `split_off_dev` makes dev rows."""
    row_labels = names_in(task, rows)
    in_train = counts_of(row_labels)
    dev: set[int] = set()
    candidates = _candidates(task, rows, row_labels, in_train, seed)
    rate = max(1.0, round(len(rows) * share)) / max(len(candidates), 1)
    due = (
        0.5  # a candidate is taken whenever this reaches 1; as strata are consecutive, this is in proportion
    )
    for position in candidates:
        due += rate
        if due >= 1 and len(dev) + 1 < len(rows) and all(in_train[name] > 1 for name in row_labels[position]):
            due -= 1
            dev.add(position)
            in_train.subtract(row_labels[position])
    if not dev:
        raise too_few_rows(rows, len(rows))
    return dev


def too_few_rows(rows: Rows, different: int) -> DataError:
    """The error for rows of which none can become a dev row; so many of them are different."""
    which = f", {different} different," if different < len(rows) else ""
    return DataError(
        f"{rows.source}: too few rows ({len(rows)}){which} to split dev rows off",
        expected="a label with at least 2 different rows",
        next_step="Add rows, or name dev rows with --dev",
        code="too-few-rows",
    )


def parts_of(rows: Rows, dev: Collection[int]) -> tuple[Rows, Rows]:
    """(train, dev): the rows at the given positions are dev rows."""
    train = [position for position in range(len(rows)) if position not in dev]
    # Rows that were left out are reported once, with the training rows.
    return rows.take(train), replace(rows.take(sorted(dev)), skipped=())


def _candidates(
    task: Task, rows: Rows, row_labels: Sequence[frozenset[str]], counts: Counter[str], seed: int
) -> list[int]:
    """The positions of rows that may become dev rows: stratum by stratum, shuffled within each."""
    alone = occur_once(task, rows)  # [rows]
    strata = strata_of(task, rows.values, row_labels)

    def place(position: int) -> tuple[str, bytes]:
        # A hash, because the order of `random.shuffle` may differ between Python versions.
        return strata[position], sha256(f"{seed}:{position}".encode()).digest()

    free = (
        position
        for position in range(len(rows))
        if alone[position] and all(counts[name] > 1 for name in row_labels[position])
    )
    return sorted(free, key=place)
