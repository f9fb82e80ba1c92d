"""What a data set contains, before anything is trained: rows, labels, lengths and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from adaptkit.data.labels import counts_of, label_sets
from adaptkit.data.rows import texts_in

if TYPE_CHECKING:
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task

MOST = 0.95
"""The share of the rows that are at most as long as `Lengths.most`."""


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The characters of the texts in a row, without its answer."""

    median: int
    most: int
    """95% of the rows have at most so many."""

    longest: int
    longest_row: str
    """The place of the longest row."""


@dataclass(frozen=True, kw_only=True)
class SplitOverview:
    """One of train, dev and test."""

    rows: int
    left_out: int
    source: str
    read_as: str
    """What was inferred to read it, in a few words; empty if nothing was."""

    labels: Mapping[str, int]
    """Label → the rows that have it, in the order of the head's outputs; empty for a task without labels."""

    without_label: int
    """The rows that have none of the labels; 0 for a task without labels."""

    characters: Lengths | None
    """None if the split has no rows."""


@dataclass(frozen=True, kw_only=True)
class DataOverview:
    """A data set as a study reads it."""

    task: str
    splits: Mapping[str, SplitOverview]
    dev_from_train: bool
    """Whether the dev rows were split off the training rows."""

    fingerprint: str
    """SHA-256 over the rows of all splits. Studies with equal fingerprints use the same rows."""

    warnings: Sequence[str]
    """What `adaptkit tune` warns of: spellings, duplicates, contradictions, leakage, rare labels and more."""

    left_out: Sequence[str]
    """For each row that was left out, its place and the reason."""


def overview(task: Task, data: Dataset) -> DataOverview:
    """What a study of the task reads.

    Raises:
        TaskError: the task's labels are not texts.
    """
    splits = {"train": data.train, "dev": data.dev, **({"test": data.test} if data.test else {})}
    return DataOverview(
        task=task.name,
        splits={
            name: _split(task, rows, data.read_as.get(name, ""), data.labels) for name, rows in splits.items()
        },
        dev_from_train=data.dev_from_train,
        fingerprint=data.fingerprint,
        warnings=data.warnings,
        left_out=data.left_out,
    )


def _split(task: Task, rows: Rows, read_as: str, labels: Sequence[str]) -> SplitOverview:
    names = label_sets(task, rows.values)
    counts = counts_of(names)
    known = {name: counts[name] for name in labels if name in counts}
    return SplitOverview(
        rows=len(rows), left_out=len(rows.skipped), source=rows.source, read_as=read_as,
        labels={**known, **{name: counts[name] for name in sorted(counts) if name not in known}},
        without_label=sum(not its for its in names) if task.labels_of is not None else 0,
        characters=_lengths(task, rows),
    )  # fmt: skip


def _lengths(task: Task, rows: Rows) -> Lengths | None:
    sizes = [_characters(task, row) for row in rows.values]
    if not sizes:
        return None
    ordered, longest = sorted(sizes), max(sizes)
    return Lengths(
        median=ordered[(len(sizes) - 1) // 2], most=ordered[ceil(MOST * len(sizes)) - 1], longest=longest,
        longest_row=rows.origins[sizes.index(longest)],
    )  # fmt: skip


def _characters(task: Task, row: Row) -> int:
    """Words that are given one by one have a space between them."""
    inputs = (value for name, value in row.items() if name not in task.target_columns)
    return sum(sum(map(len, texts := list(texts_in(value)))) + max(0, len(texts) - 1) for value in inputs)
