"""Reads other rows by the columns that the user named for training, where a source has them."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from adaptkit.data.sources import one_split
from adaptkit.errors import AdaptkitError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.data.options import ReadOptions
    from adaptkit.data.rows import RawRow
    from adaptkit.task import Task

ROWS_TO_LOOK_AT = 100
"""The rows that show which columns a source has; a row of JSON may lack some."""


def with_trained_columns(
    task: Task, source: str | MemoryRows, options: ReadOptions, trained: Mapping[str, str]
) -> ReadOptions:
    """The options, with those columns of the training that the source has and the options do not name.

    Args:
        task: the model's task.
        source: the rows to evaluate or to predict.
        options: what the user said about the source.
        trained: the task's column → the column of the training rows, as the user named them.
    """
    named = options.columns
    left = {name: file for name, file in trained.items() if name not in named and file not in named.values()}
    by_number = _by_number(left.values())
    if not left or (named and _by_number(named.values()) != by_number):
        return options
    if by_number and not named and _names(task, source, options) & left.keys():
        return options  # a header with the task's own names
    tried = replace(options, columns={**left, **named})
    found = _names(task, source, tried)
    kept = {name: file for name, file in left.items() if file in found}
    return replace(options, columns={**kept, **named}) if kept else options


def _by_number(columns: Collection[str]) -> bool:
    return all(column.isdecimal() for column in columns)


def _names(task: Task, source: str | MemoryRows, options: ReadOptions) -> set[str]:
    """The columns of the source's first rows; empty if it cannot be read in this way."""
    try:
        return names_in(one_split(source, "test", task, options.columns.values(), options).rows)
    except AdaptkitError:  # raised again when the rows are read
        return set()


def names_in(rows: Iterable[RawRow]) -> set[str]:
    """The columns of the first rows; empty if they cannot be read."""
    try:
        return {name for raw in islice(rows, ROWS_TO_LOOK_AT) for name in raw.values}
    except AdaptkitError:
        return set()
