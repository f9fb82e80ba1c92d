"""What must hold of rows before anything is made of them: their columns, and the task's own checks.

Knows nothing of files or models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.data.rows import RawRow, RawSplit, Rows, counted, listed
from adaptkit.errors import DataError, TaskError
from adaptkit.task import SkipRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from adaptkit.task import Row, Task

CORRECT_OR_SKIP = "Correct the file, or leave bad rows out with --skip-bad-rows"
_NAME_COLUMNS = (
    "Correct the file, or name its columns with --column NAME=COLUMN; "
    "where a CSV or TSV file has no header line, COLUMN is 1, 2, ..."
)


def prepare_rows(
    task: Task,
    split: RawSplit,
    *,
    columns: Mapping[str, str],
    skip_bad_rows: bool,
    optional: Collection[str] = (),
) -> Rows:
    """Reads a split into clean rows in the task's one form.

    ``columns`` maps the task's columns to the file's; a row may lack those of the task's columns that are
    ``optional``, and those are taken from it where it has them. Raises DataError for the first bad row, or
    leaves bad rows out; and DataError if no row is left. Rows that are left out, and those that the task
    itself skips, are told in `Rows.skipped`.
    """
    values, origins, bad, skipped = [], [], [], []
    for raw in split.rows:
        try:
            values.append(_prepared(task, raw, columns, optional))
            origins.append(raw.origin)
        except ValueError as error:
            skipped.append(f"{raw.origin}: {_cut(str(error))}")
            if not isinstance(error, SkipRow):
                bad.append(skipped[-1])
    expected = f"rows with {_columns_in_words(task, optional)}"
    if not values:
        raise _nothing_left(split.source, bad, skipped, expected)
    if bad and not skip_bad_rows:
        raise DataError(first_of(bad), expected=expected, next_step=CORRECT_OR_SKIP)
    return Rows(values, origins, split.source, skipped)


def skipped_warnings(splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split that left rows out."""
    return [
        f"{name}: {counted(len(rows.skipped), 'row')} left out; the first: {rows.skipped[0]}"
        + ("; all of them in the study's left-out.txt" if len(rows.skipped) > 1 else "")
        for name, rows in splits.items()
        if rows.skipped
    ]


def _prepared(task: Task, raw: RawRow, columns: Mapping[str, str], optional: Collection[str]) -> Row:
    """The clean row; raises ValueError, saying what is wrong with the raw one.

    Columns are asked for after the task's `prepare`, which may accept other forms of a row than its own.
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
            expected="a clean row, or ValueError saying what is wrong with it",
            next_step="Report this to the author of the task",
        ) from error
    if problem := _lacking(clean, required, raw.values):
        raise ValueError(problem)
    return clean


def _renamed(values: Row, columns: Mapping[str, str], optional: Collection[str]) -> Row:
    """The row under the task's column names, without those that are optional.

    Raises ValueError for a column that was named and is missing.
    """
    absent = [file for name, file in columns.items() if file not in values and name not in optional]
    if absent:
        raise ValueError(f"no column {listed(absent)}; the columns are {listed(values)}")
    moved = {name: values[file] for name, file in columns.items() if file in values}
    left = {name: value for name, value in values.items() if name not in columns.values()}
    return {name: value for name, value in {**left, **moved}.items() if name not in optional}


def _lacking(row: Row, required: Iterable[str], file_columns: Iterable[str]) -> str:
    """What the row lacks, in words; empty if it has every column."""
    absent = [name for name in required if name not in row]
    if absent:
        return f"no column {listed(absent)}; the columns are {listed(file_columns)}"
    empty = [name for name in required if row[name] is None]
    return f"nothing in column {listed(empty)}" if empty else ""


def _nothing_left(source: str, bad: Sequence[str], skipped: Sequence[str], expected: str) -> DataError:
    if bad:
        return DataError(first_of(bad), expected=expected, next_step=_NAME_COLUMNS)
    if skipped:
        problem = f"{source}: all of its rows ({len(skipped):,}) are left out; the first: {skipped[0]}"
        return DataError(problem, expected=expected, next_step="Name rows that can be learnt from and scored")
    next_step = "Name a file that holds rows, not only a header"
    return DataError(f"{source}: no rows in it", expected=expected, next_step=next_step)


def first_of(bad: Sequence[str]) -> str:
    """The first bad row, and how many more there are."""
    if len(bad) == 1:
        return bad[0]
    return f"{bad[0]} (and {counted(len(bad) - 1, 'more bad row')})"


def _columns_in_words(task: Task, optional: Collection[str]) -> str:
    return ", ".join(f"{name!r} ({what})" for name, what in task.columns.items() if name not in optional)


def _cut(text: str, most: int = 500) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
