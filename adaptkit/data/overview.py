"""What a data set contains, before anything is trained: rows, labels, lengths and warnings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median_low
from typing import TYPE_CHECKING, Any

import numpy as np

from adaptkit.data.checks import skipped_warnings
from adaptkit.data.labels import counts_of, label_sets
from adaptkit.data.rows import counted, texts_in

if TYPE_CHECKING:
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows
    from adaptkit.task import Row, Task


@dataclass(frozen=True, kw_only=True)
class Lengths:
    """The characters of the texts in a row, without its answer."""

    median: int
    percentile_95: int
    """95% of the rows have at most so many."""

    longest: int
    longest_row: str
    """The place of the longest row."""


@dataclass(frozen=True, kw_only=True)
class Numbers:
    """The answers of a task that predicts a number."""

    column: str
    least: float
    median: float
    greatest: float


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

    numbers: Numbers | None = None
    """The answers, if they are numbers."""


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
    """What `adaptkit tune` warns of before it loads the model, such as spellings, duplicates, contradictions,
    leakage and rare labels. `left_out` takes the place of the warnings about rows that were left out.

    If dev rows were split off, what is said of train counts its rows before that. How many rows are longer
    than the model reads, and whether it knows their tokens, is not among them: that needs its tokenizer.
    """

    left_out: Sequence[str]
    """For each row that was left out, its place and the reason."""

    def __str__(self) -> str:
        rows = ", ".join(f"{one.rows:,} in {name}" for name, one in self.splits.items())
        labels = [counted(count, "label")] if (count := len(self.splits["train"].labels)) else []
        left_out = [f"{counted(len(self.left_out), 'row')} left out"] if self.left_out else []
        warnings = counted(len(self.warnings), "warning")
        return "; ".join([f"{self.task}: rows: {rows}", *labels, warnings, *left_out])


def overview(task: Task, data: Dataset) -> DataOverview:
    """What a study of the task reads.

    Raises:
        TaskError: the task's labels are not texts.
    """
    splits = {"train": data.train, "dev": data.dev, **({"test": data.test} if data.test else {})}
    listed = skipped_warnings(splits)
    return DataOverview(
        task=task.name,
        splits={
            name: _split(task, rows, data.read_as.get(name, ""), data.labels) for name, rows in splits.items()
        },
        dev_from_train=data.dev_from_train,
        fingerprint=data.fingerprint,
        warnings=[warning for warning in data.warnings if warning not in listed],
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
        characters=_lengths(task, rows), numbers=_numbers(task, rows),
    )  # fmt: skip


def _lengths(task: Task, rows: Rows) -> Lengths | None:
    sizes = [_characters(task, row) for row in rows.values]
    if not sizes:
        return None
    median, most = np.quantile(sizes, [0.5, 0.95], method="inverted_cdf")  # lengths of rows, not in between
    longest = max(sizes)
    return Lengths(
        median=int(median), percentile_95=int(most), longest=longest,
        longest_row=rows.origins[sizes.index(longest)],
    )  # fmt: skip


def _numbers(task: Task, rows: Rows) -> Numbers | None:
    """The answers of a task with one number for a row."""
    if task.config_overrides.get("problem_type") != "regression" or not rows.values:
        return None
    for column in task.target_columns:
        found: list[Any] = [row.get(column) for row in rows.values]
        if all(isinstance(one, (int, float)) for one in found):
            return Numbers(column=column, least=min(found), median=median_low(found), greatest=max(found))
    return None


def _characters(task: Task, row: Row) -> int:
    """Words that are given one by one have a space between them."""
    inputs = (value for name, value in row.items() if name not in task.target_columns)
    return sum(sum(map(len, texts := list(texts_in(value)))) + max(0, len(texts) - 1) for value in inputs)
