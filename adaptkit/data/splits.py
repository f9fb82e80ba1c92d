"""Splitting dev rows off the training rows, in proportion, the same on any machine. Knows no files."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from adaptkit.data.duplicates import question_of
from adaptkit.data.labels import labels_of
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task


def split_off_dev(task: Task, rows: Rows, share: float, seed: int) -> tuple[Rows, Rows]:
    """(train, dev): about ``share`` of the rows, at random by ``seed``, as dev, each stratum in proportion.

    A stratum is `task.stratify_by`'s, else the rarest label of a row. Every label keeps a training row, and
    rows with the same question stay in train together. Raises DataError if that leaves no dev row.
    """
    row_labels = [labels_of(task, row) for row in rows.values]
    in_train = Counter(name for names in row_labels for name in names)
    dev: set[int] = set()
    candidates = _candidates(task, rows, row_labels, in_train, seed)
    rate = max(1.0, round(len(rows) * share)) / max(len(candidates), 1)
    due = 0.5  # a candidate is taken each time this passes 1: in strata side by side, that is in proportion
    for position in candidates:
        due += rate
        if due >= 1 and len(dev) + 1 < len(rows) and all(in_train[name] > 1 for name in row_labels[position]):
            due -= 1
            dev.add(position)
            in_train.subtract(row_labels[position])
    if not dev:
        raise DataError(
            f"{rows.source}: too few rows ({len(rows)}) to split dev rows off",
            expected="2 different rows of a class at least",
            next_step="Add rows, or name dev rows with --dev",
        )
    train = [position for position in range(len(rows)) if position not in dev]
    # What was left out is told once, with the training rows.
    return rows.take(train), replace(rows.take(sorted(dev)), skipped=())


def _candidates(
    task: Task, rows: Rows, row_labels: Sequence[set[str]], counts: Counter[str], seed: int
) -> list[int]:
    """The positions of rows that may become dev rows: stratum by stratum, shuffled within each."""
    question = question_of(task)
    questions = [question(row) for row in rows.values]
    times = Counter(questions)

    def stratum(position: int) -> str:
        if task.stratify_by is not None:
            return str(task.stratify_by(rows.values[position]))
        return min(row_labels[position], key=lambda name: (counts[name], name), default="")

    def place(position: int) -> tuple[str, bytes]:
        # A hash, because the order that `random` shuffles into is no promise between Python versions.
        return stratum(position), sha256(f"{seed}:{position}".encode()).digest()

    free = (
        position
        for position in range(len(rows))
        if times[questions[position]] == 1 and all(counts[name] > 1 for name in row_labels[position])
    )
    return sorted(free, key=place)
