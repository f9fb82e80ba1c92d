"""Checks raw rows: that they have the task's columns, and that the task's own `prepare` accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.data.groups import column_group
from adaptkit.data.refusals import (
    BadRow,
    EmptyColumns,
    MissingColumns,
    NotARow,
    expected_rows,
    first_of,
    in_a_form,
    nothing_left,
)
from adaptkit.data.rows import RawRow, RawSplit, Rows, counted
from adaptkit.errors import DataError, TaskError
from adaptkit.task import SkipRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adaptkit.task import Row, Task

CORRECT_OR_SKIP = "Correct the file, or leave out bad rows with --skip-bad-rows"


def prepare_rows(
    task: Task,
    split: RawSplit,
    *,
    columns: Mapping[str, str],
    skip_bad_rows: bool,
    optional: Collection[str] = (),
    group: str | None = None,
) -> Rows:
    """Read a split and convert its rows to the task's standard form.

    Args:
        task: the task that checks and converts each row.
        split: the rows to read.
        columns: the task's column names → the file's column names.
        skip_bad_rows: leave out bad rows instead of raising.
        optional: columns that a row need not have. They are removed from rows that have them.
        group: the file's column whose value is a row's group; None for rows without groups.

    Returns:
        The rows; `Rows.skipped` names those left out, including the ones that the task itself skips.

    Raises:
        DataError: a row is bad and bad rows are not skipped, no row remains, or a row has no column `group`.
    """
    values, origins, groups, skipped = [], [], [], []
    bad: list[BadRow] = []
    for raw in split.rows:
        try:
            values.append(_prepared(task, raw, columns, optional))
            origins.append(raw.origin)
            if group is not None:
                groups.append(column_group(task, raw, values[-1], group))
        except ValueError as error:
            left_out = BadRow.of(raw.origin, error)
            skipped.append(str(left_out))
            if not isinstance(error, SkipRow):
                bad.append(left_out)
    if not values:
        raise nothing_left(task, split.source, bad, skipped, optional)
    if bad and not skip_bad_rows:
        expected = expected_rows(task, optional)
        raise DataError(first_of(bad), expected=expected, next_step=CORRECT_OR_SKIP, code="bad-row")
    return Rows(values, origins, split.source, skipped, tuple(groups), group or "")


def skipped_warnings(splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split in which rows were left out."""
    return [
        f"{name}: {counted(len(rows.skipped), 'row')} left out; the first: {rows.skipped[0]}"
        + ("; the study's left-out.txt lists all of them" if len(rows.skipped) > 1 else "")
        for name, rows in splits.items()
        if rows.skipped
    ]


def _prepared(task: Task, raw: RawRow, columns: Mapping[str, str], optional: Collection[str]) -> Row:
    """The row in the task's standard form; raises ValueError that says what is wrong with the raw row.

    The columns are checked after the task's `prepare`, which may accept other forms of a row.
    """
    if raw.problem:
        raise NotARow(raw.problem)
    row = _renamed(raw.values, columns, optional)
    required = [name for name in task.columns if name not in optional]
    lacking = _lacking(row, required, raw.values)
    try:
        clean = task.prepare(row)
    except SkipRow:
        raise
    except ValueError as error:
        if lacking is None or in_a_form(task, row):
            raise
        raise ValueError(f"{error} ({lacking})") from lacking
    except Exception as error:
        if lacking:
            raise lacking from error
        raise TaskError(
            f"{raw.origin}: the task {task.name!r} failed on this row: {type(error).__name__}: {error}",
            expected="a row, or a ValueError that says what is wrong with the row",
            next_step="Report this to the author of the task",
            code="prepare-failed",
        ) from error
    if problem := _lacking(clean, required, raw.values):
        raise problem
    return clean


def _renamed(values: Row, columns: Mapping[str, str], optional: Collection[str]) -> Row:
    """The row under the task's column names, without optional columns.

    Raises ValueError if a column that the user named is missing.
    """
    absent = {name: file for name, file in columns.items() if file not in values and name not in optional}
    if absent:
        raise MissingColumns(absent, values, columns.values())
    moved = {name: values[file] for name, file in columns.items() if file in values}
    left = {name: value for name, value in values.items() if name not in columns.values()}
    return {name: value for name, value in {**left, **moved}.items() if name not in optional}


def _lacking(row: Row, required: Collection[str], file_columns: Collection[str]) -> ValueError | None:
    """The error for columns that the row lacks; None if it has all of them."""
    absent = [name for name in required if name not in row]
    if absent:
        return MissingColumns({name: name for name in absent}, file_columns, required)
    empty = [name for name in required if row[name] is None]
    return EmptyColumns(empty) if empty else None
