"""Checks raw rows: that they have the task's columns, and that the task's own `prepare` accepts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.data.groups import column_group
from adaptkit.data.rows import RawRow, RawSplit, Rows, counted, listed
from adaptkit.errors import DataError, TaskError
from adaptkit.task import SkipRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from adaptkit.task import Row, Task

CORRECT_OR_SKIP = "Correct the file, or leave out bad rows with --skip-bad-rows"
_NAME_COLUMNS = (
    "Correct the file, or name its columns with --column NAME=COLUMN; "
    "for a CSV or TSV file without a header line, COLUMN is 1, 2, ..."
)


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
    values, origins, groups, bad, skipped = [], [], [], [], []
    for raw in split.rows:
        try:
            values.append(_prepared(task, raw, columns, optional))
            origins.append(raw.origin)
            if group is not None:
                groups.append(column_group(task, raw, values[-1], group))
        except ValueError as error:
            skipped.append(f"{raw.origin}: {_cut(str(error))}")
            if not isinstance(error, SkipRow):
                bad.append(skipped[-1])
    expected = f"rows with {_columns_in_words(task, optional)}"
    if not values:
        raise _nothing_left(split.source, bad, skipped, expected)
    if bad and not skip_bad_rows:
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
        raise ValueError(raw.problem)
    row = _renamed(raw.values, columns, optional)
    required = [name for name in task.columns if name not in optional]
    lacking = _lacking(row, required, raw.values)
    try:
        clean = task.prepare(row)
    except SkipRow:
        raise
    except ValueError as error:
        raise ValueError(f"{error} ({lacking})" if lacking else str(error)) from error
    except Exception as error:
        if lacking:
            raise ValueError(lacking) from error
        raise TaskError(
            f"{raw.origin}: the task {task.name!r} failed on this row: {type(error).__name__}: {error}",
            expected="a row, or a ValueError that says what is wrong with the row",
            next_step="Report this to the author of the task",
            code="prepare-failed",
        ) from error
    if problem := _lacking(clean, required, raw.values):
        raise ValueError(problem)
    return clean


def _renamed(values: Row, columns: Mapping[str, str], optional: Collection[str]) -> Row:
    """The row under the task's column names, without optional columns.

    Raises ValueError if a column that the user named is missing.
    """
    absent = [file for name, file in columns.items() if file not in values and name not in optional]
    if absent:
        raise ValueError(f"no column {listed(absent)}; the columns are {listed(values)}")
    moved = {name: values[file] for name, file in columns.items() if file in values}
    left = {name: value for name, value in values.items() if name not in columns.values()}
    return {name: value for name, value in {**left, **moved}.items() if name not in optional}


def _lacking(row: Row, required: Iterable[str], file_columns: Iterable[str]) -> str:
    """A description of the columns that the row lacks; empty if it has all of them."""
    absent = [name for name in required if name not in row]
    if absent:
        return f"no column {listed(absent)}; the columns are {listed(file_columns)}"
    empty = [name for name in required if row[name] is None]
    return f"no value in column {listed(empty)}" if empty else ""


def _nothing_left(source: str, bad: Sequence[str], skipped: Sequence[str], expected: str) -> DataError:
    if bad:
        return DataError(first_of(bad), expected=expected, next_step=_NAME_COLUMNS, code="bad-row")
    if skipped:
        return DataError(
            f"{source}: all of its rows ({len(skipped):,}) are left out; the first: {skipped[0]}",
            expected=expected,
            next_step="Choose a file that has labelled rows",
            code="all-rows-skipped",
        )
    return DataError(
        f"{source}: it contains no rows",
        expected=expected,
        next_step="Choose a file that contains rows",
        code="no-rows",
    )


def first_of(bad: Sequence[str]) -> str:
    """The first bad row, and the number of the others."""
    if len(bad) == 1:
        return bad[0]
    return f"{bad[0]} (and {counted(len(bad) - 1, 'more bad row')})"


def _columns_in_words(task: Task, optional: Collection[str]) -> str:
    return ", ".join(f"{name!r} ({what})" for name, what in task.columns.items() if name not in optional)


def _cut(text: str, most: int = 500) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
