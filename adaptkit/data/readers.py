"""Chooses the reader of a file by its suffix: the task's own readers first, then adaptkit's."""

from __future__ import annotations

import re
from collections.abc import Generator
from typing import TYPE_CHECKING, TypeVar

from adaptkit.data.columnar import parquet_rows
from adaptkit.data.json_rows import json_line_rows, json_rows
from adaptkit.data.rows import RawRow, listed
from adaptkit.data.tables import csv_rows, tsv_rows
from adaptkit.data.text import numbered_lines
from adaptkit.errors import AdaptkitError, DataError, TaskError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from adaptkit.task import Reader, Task

T = TypeVar("T")

_TABLES = {".csv": csv_rows, ".tsv": tsv_rows}
_FILES = {".json": json_rows, ".jsonl": json_line_rows, ".ndjson": json_line_rows, ".parquet": parquet_rows}
_NUMBERED = re.compile(r"line (\d+): ")


def file_rows(path: Path, task: Task, wanted: Collection[str]) -> Iterator[RawRow]:
    """The raw rows of one file; ``wanted`` are the columns that the user named.

    Raises DataError, now or while the rows are read, if the file is not in the expected format.
    """
    suffix = path.suffix.lower()
    if suffix in task.readers:
        return _guarded(path, _task_rows(path, task, task.readers[suffix]))
    if suffix in _TABLES:
        return _guarded(path, _TABLES[suffix](path, wanted))
    if suffix in _FILES:
        return _guarded(path, _FILES[suffix](path))
    if "" in task.readers:
        return _guarded(path, _task_rows(path, task, task.readers[""]))
    raise DataError(
        f"{path}: no reader for files with the suffix {suffix!r}",
        expected=f"a file with one of the suffixes {listed(readable_suffixes(task), most=20)}",
        next_step="Rename or convert the file",
        code="unknown-suffix",
    )


def parsed_lines(path: Path, task: Task) -> Iterator[RawRow]:
    """Rows to be predicted, one for each line of a text file that is not empty, by the task's `parse`."""
    return _guarded(path, _parsed_lines(path, task))


def readable_suffixes(task: Task) -> list[str]:
    """The suffixes that have a reader, without the task's reader for unknown suffixes."""
    return sorted({*_TABLES, *_FILES, *task.readers} - {""})


def is_readable(path: Path, task: Task) -> bool:
    """Whether there is a reader for this file's suffix."""
    return "" in task.readers or path.suffix.lower() in readable_suffixes(task)


def _parsed_lines(path: Path, task: Task) -> Iterator[RawRow]:
    for number, line in numbered_lines(path):
        if not line.strip():
            continue
        origin = f"{path}:{number}"
        try:
            row = RawRow(origin, task.parse(line))
        except ValueError as error:
            row = RawRow(origin, {}, str(error))
        yield row


def _task_rows(path: Path, task: Task, reader: Reader) -> Iterator[RawRow]:
    try:
        rows = iter(_reported(path, task, lambda: reader(path)))
    except ValueError as error:
        raise _unreadable(path, task, error) from error
    while True:
        try:
            numbered = _reported(path, task, lambda: next(rows, None))
        except ValueError as error:
            place = _NUMBERED.match(str(error))
            # A generator that has raised cannot continue. Going on would silently drop the rest of the file.
            if place is None or isinstance(rows, Generator):
                raise _unreadable(path, task, error) from error
            yield RawRow(f"{path}:{place[1]}", {}, str(error)[place.end() :])
        else:
            if numbered is None:
                return
            number, values = numbered
            yield RawRow(f"{path}:{number}", values)


def _reported(path: Path, task: Task, call: Callable[[], T]) -> T:
    """The result of a call into a plugin; raises TaskError for exceptions that a reader should not raise."""
    try:
        return call()
    except (ValueError, OSError, AdaptkitError):
        raise
    except Exception as error:
        raise TaskError(
            f"{path}: the task {task.name!r} failed to read it: {type(error).__name__}: {error}",
            expected="rows, or a ValueError for a line that is not a row",
            next_step="Report this to the author of the task",
            code="reader-failed",
        ) from error


def _unreadable(path: Path, task: Task, error: ValueError) -> DataError:
    place = _NUMBERED.match(str(error))
    return DataError(
        f"{path}: {error}" if place is None else f"{path}:{place[1]}: {str(error)[place.end() :]}",
        expected=f"a file in a format that the task {task.name!r} reads",
        next_step="Correct the file" if place is None else "Correct the file at this line",
        code="unreadable-file",
    )


def _guarded(path: Path, rows: Iterable[RawRow]) -> Iterator[RawRow]:
    try:
        yield from rows
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read: {error.strerror or error}",
            expected="a readable file",
            next_step="Check the file and its permissions",
            code="unreadable-file",
        ) from error
