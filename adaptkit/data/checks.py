"""Checks raw rows: that they have the task's columns, and that the task's own `prepare` accepts them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.data.columns import in_lower_case, named_row, notes_of, refuse_misspelt
from adaptkit.data.groups import column_group
from adaptkit.data.packed import Packing
from adaptkit.data.refusals import (
    BadRow,
    EmptyColumns,
    MissingColumns,
    NotARow,
    expected_rows,
    first_of,
    in_a_form,
    kinds_of,
    nothing_left,
)
from adaptkit.data.rows import RawRow, RawSplit, Rows, counted, sentence_of
from adaptkit.errors import DataError, TaskError
from adaptkit.task import SkipRow
from adaptkit.tasks.calls import Guarded, calling, no_exit

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from adaptkit.task import Row, Task

MOST_REASONS = 5
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
        ConfigError: a name in ``columns`` is a misspelt column of the task.
    """
    refuse_misspelt(task, columns)
    values, origins = Packing(), Packing()
    groups: list[str] = []
    skipped: list[str] = []
    bad: list[BadRow] = []
    read_as: dict[str, None] = {}
    found = surveyed(task, split.rows, columns, optional)
    for raw in found.rows:
        try:
            clean, notes = prepared_row(task, raw, columns, optional, found.prepare)
            values.append(clean)
            origins.append(raw.origin)
            if raw.notes or notes:
                read_as |= dict.fromkeys((*raw.notes, *notes))
            if group is not None:
                groups.append(column_group(task, raw, clean, group))
        except ValueError as error:
            left_out = BadRow.of(raw.origin, error)
            skipped.append(str(left_out))
            if not isinstance(error, SkipRow):
                bad.append(left_out)
    clean_rows = values.done()
    if not clean_rows:
        raise nothing_left(task, split.source, bad, skipped, optional, found.next_step)
    if bad and not skip_bad_rows:
        expected = expected_rows(task, optional)
        raise DataError(first_of(bad), expected=expected, next_step=CORRECT_OR_SKIP, code="bad-row")
    notes = (*read_as, *found.notes())
    return Rows(
        clean_rows, origins.done(), split.source, skipped, tuple(groups), group or "", read_as=notes,
        warnings=found.warnings,
    )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Surveyed:
    """Rows, and what `Task.survey` found in all of them, as a `Reading` says."""

    rows: Iterable[RawRow]
    prepare: Callable[[Row], Row]
    notes: Callable[[], Sequence[str]] = tuple
    next_step: str = ""
    warnings: Sequence[str] = ()


def surveyed(
    task: Task, rows: Iterable[RawRow], columns: Mapping[str, str], optional: Collection[str]
) -> Surveyed:
    """The rows, how to prepare them, and what `Task.survey` finds in all of them, if the task has it."""
    if task.survey is None:
        return Surveyed(rows=rows, prepare=task.prepare)
    kept = list(rows)
    seen, origins = [], []
    for raw in kept:
        with suppress(ValueError):
            if not (raw.problem or raw.empty or (raw.left_out and not optional)):
                seen.append(named_row(task, raw.values, columns, optional)[0])
                origins.append(raw.origin)
    with calling(task, "survey"):
        reading = task.survey(seen)
        warnings = [sentence_of(warning, origins[warning.row]) for warning in reading.warnings]
        prepare, noted, next_step = Guarded(reading.prepare, no_exit), reading.notes, reading.next_step

    def notes() -> Sequence[str]:
        with calling(task, "survey"):
            return tuple(noted())

    return Surveyed(rows=kept, prepare=prepare, notes=notes, next_step=next_step, warnings=warnings)


def skipped_warnings(splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split in which rows were left out, with the number of rows for each reason."""
    return [
        f"{name}: {counted(len(rows.skipped), 'row')} left out{_by_reason(rows.skipped)}"
        + ("; the study's left-out.txt lists all of them" if len(rows.skipped) > 1 else "")
        for name, rows in splits.items()
        if rows.skipped
    ]


def _by_reason(skipped: Sequence[str]) -> str:
    """The first row of each reason, the most frequent first, with the number of rows if there are several."""
    kinds = kinds_of(skipped, [one.partition(": ")[2] for one in skipped])
    if len(kinds) == 1:
        return f"; the first: {skipped[0]}"
    shown = "; ".join(f"{len(its):,} as {its[0]}" for its in kinds[:MOST_REASONS])
    rest = sum(map(len, kinds[MOST_REASONS:]))
    return f": {shown}{f'; {rest:,} for other reasons' if rest else ''}"


def prepared_row(
    task: Task,
    raw: RawRow,
    columns: Mapping[str, str],
    optional: Collection[str],
    prepare: Callable[[Row], Row],
) -> tuple[Row, tuple[str, ...]]:
    """The row in the task's standard form, and what was inferred for it.

    Where the row does not fit, the names of its columns are tried in lower case. Raises ValueError that says
    what is wrong with the raw row, or SkipRow.
    """
    if raw.empty or (raw.left_out and not optional):
        raise SkipRow(raw.empty or raw.left_out)
    if raw.problem:
        raise NotARow(raw.problem)
    row, notes = named_row(task, raw.values, columns, optional)
    try:
        return _checked(task, raw, row, optional, prepare), notes
    except SkipRow:
        raise
    except ValueError:
        lower = in_lower_case(row)
        if not lower:
            raise
        renamed = {lower.get(name, name): value for name, value in row.items()}
        with suppress(ValueError):
            return _checked(task, raw, renamed, optional, prepare), (*notes, *notes_of(lower))
        raise


def _checked(
    task: Task, raw: RawRow, row: Row, optional: Collection[str], prepare: Callable[[Row], Row]
) -> Row:
    """The row in the task's standard form; raises ValueError that says what is wrong with the raw row.

    The columns are checked after the task's `prepare`, which may accept other forms of a row.
    """
    required = [name for name in task.columns if name not in optional]
    lacking = _lacking(row, row, required, raw.values)
    try:
        clean = prepare(row)
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
    if problem := _lacking(clean, row, required, raw.values):
        raise problem
    return clean


def _lacking(
    row: Row, given: Row, required: Collection[str], file_columns: Collection[str]
) -> ValueError | None:
    """The error for columns that the row lacks; None if it has all of them.

    Args:
        row: the row, which the task may have prepared.
        given: the row as it was before that. A column in it is not missing, but has no value.
        required: the names of the columns.
        file_columns: the names of the columns in the file.
    """
    if all([row.get(name) is not None for name in required]):  # noqa: C419 (a list is quicker for few)
        return None
    absent = [name for name in required if name not in row and name not in given]
    if absent:
        return MissingColumns({name: name for name in absent}, file_columns, required)
    empty = [name for name in required if row.get(name) is None]
    return EmptyColumns(empty) if empty else None
