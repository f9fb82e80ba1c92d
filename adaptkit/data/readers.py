"""Chooses the reader of a file by its first bytes and its suffix: the task's own readers, then adaptkit's."""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from adaptkit.data.columnar import parquet_rows
from adaptkit.data.compressed import (
    PARQUET,
    ZIP,
    first_bytes,
    plain_path,
    refuse_other_files,
)
from adaptkit.data.excel import xlsx_rows
from adaptkit.data.formats.rasa import is_yaml, yaml_rows
from adaptkit.data.formats.recognise import normalised
from adaptkit.data.formats.spacy_docs import docbin_rows
from adaptkit.data.json_rows import json_rows, looks_like_json
from adaptkit.data.options import AS_FOUND, ReadOptions
from adaptkit.data.recognition import (
    JSON_SUFFIXES,
    PEEKED,
    USUAL_DELIMITERS,
    has_header,
    is_elsewhere,
    is_word_table,
)
from adaptkit.data.rows import RawRow, listed
from adaptkit.data.tables import table_rows
from adaptkit.data.text import numbered_lines, reading_as
from adaptkit.data.word_tables import NAMES as WORD_TABLE_NAMES
from adaptkit.data.word_tables import grouped
from adaptkit.errors import AdaptkitError, DataError, TaskError
from adaptkit.reader import RowNumber
from adaptkit.tasks import readers
from adaptkit.tasks.calls import ends_at_an_error

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from adaptkit.task import Reader, Task

T = TypeVar("T")

_OTHERS = (".parquet", ".xlsx", ".spacy", ".yml", ".yaml")
USUAL_SUFFIXES = frozenset({*USUAL_DELIMITERS, *JSON_SUFFIXES, *_OTHERS})
"""The suffixes that are read for every task."""

READ_AT_ONCE = 256
"""So many rows are read before the first of them is used."""

EMPTY_LINE = "the line is empty"
_NUMBERED = re.compile(r"(line|row) (\d+): ")


def file_rows(
    path: Path, task: Task, wanted: Collection[str], options: ReadOptions = AS_FOUND
) -> Iterator[RawRow]:
    """The raw rows of one file; ``wanted`` are the columns that the user named.

    Rows of annotation tools get the columns that tasks read. Raises DataError, now or while the rows are
    read, if the file is not in the expected format.
    """
    start = first_bytes(path, PEEKED)
    refuse_other_files(path, start)
    rows = _guarded(path, _reader(path, task, wanted, options, start), options.encoding)
    return tool_rows(rows, task, options)


def tool_rows(rows: Iterable[RawRow], task: Task, options: ReadOptions) -> Iterator[RawRow]:
    """The rows of a source, those of annotation tools and of tables of words in the form that tasks read."""
    return normalised(grouped(rows, task, options.columns), task)


def _reader(
    path: Path, task: Task, wanted: Collection[str], options: ReadOptions, start: bytes
) -> Iterable[RawRow]:
    """The rows by the reader that fits the file's suffix and its first bytes."""
    suffix = plain_path(path).suffix.lower()
    if options.reader is not None:
        return _task_rows(path, task, readers.load(options.reader).read)
    known = {*task.columns, *task.target_columns, *(WORD_TABLE_NAMES if task.word_level else ())}
    if options.separator is not None:
        return table_rows(path, USUAL_DELIMITERS.get(suffix, ","), wanted, known, options.separator)
    text = start.decode(options.encoding or "utf-8", "ignore").removeprefix("\ufeff")
    if start.startswith(PARQUET):
        return parquet_rows(path)
    if start.startswith(ZIP) or suffix in _OTHERS:
        return _other_rows(path, suffix, wanted, known)
    own = _special_reader(task, suffix, text, wanted)
    if own is not None:
        return _task_rows(path, task, own)
    own_json = task.readers.get(".json")
    if own_json is not None and suffix not in JSON_SUFFIXES and looks_like_json(text):
        return _task_rows(path, task, own_json)
    if looks_like_json(text) or (suffix in JSON_SUFFIXES and not has_header(text, task, wanted)):
        return json_rows(path)
    if suffix in USUAL_DELIMITERS or has_header(text, task, wanted) or is_word_table(text, task):
        return table_rows(path, USUAL_DELIMITERS.get(suffix, ","), wanted, known, None)
    if "" in task.readers:
        return _task_rows(path, task, task.readers[""])
    raise _unknown_suffix(path, task, suffix)


def _special_reader(task: Task, suffix: str, text: str, wanted: Collection[str]) -> Reader | None:
    """The task's own reader of such files, else that of a plugin.

    The user may name the columns of a table by position, which its own reader does not know.
    """
    by_position = suffix in USUAL_DELIMITERS and not task.word_level and any(map(str.isdecimal, wanted))
    own = None if by_position else task.readers.get(suffix)
    if own is not None and not is_elsewhere(suffix, text, task):
        return own
    plugin = None if suffix in {*USUAL_DELIMITERS, *JSON_SUFFIXES} else readers.for_suffix(suffix)
    return None if plugin is None else plugin.read


def _other_rows(path: Path, suffix: str, wanted: Collection[str], known: Collection[str]) -> Iterable[RawRow]:
    """The rows of a file that is not plain text, or of YAML."""
    if suffix == ".xlsx":
        return xlsx_rows(path, wanted, known)
    if suffix == ".spacy":
        return docbin_rows(path)
    if is_yaml(path):
        return yaml_rows(path)
    if suffix == ".parquet":
        return parquet_rows(path)
    raise DataError(
        f"{path}: this is a ZIP archive, or a document of an office program",
        expected="a file of rows, such as CSV, JSON Lines, Parquet or .xlsx, also as .gz, .bz2 or .xz",
        next_step="Extract the data file from the archive; give an Excel file the suffix .xlsx",
        code="not-rows",
    )


def _unknown_suffix(path: Path, task: Task, suffix: str) -> DataError:
    return DataError(
        f"{path}: no reader for files with the suffix {suffix!r}",
        expected=f"a file with one of the suffixes {listed(readable_suffixes(task), most=20)}",
        next_step="Rename or convert the file; for a table, name its delimiter with --delimiter",
        code="unknown-suffix",
    )


def parsed_lines(path: Path, task: Task, encoding: str | None = None) -> Iterator[RawRow]:
    """Rows to be predicted, one for each line of a text file, by `parse_text`; of an empty line none."""
    return _guarded(path, _parsed_lines(path, task), encoding)


def readable_suffixes(task: Task) -> list[str]:
    """The suffixes that have a reader, without the task's reader for unknown suffixes."""
    return sorted({*USUAL_SUFFIXES, *task.readers, *readers.by_suffix()} - {""})


def is_readable(path: Path, task: Task) -> bool:
    """Whether there is a reader for this file's suffix."""
    return "" in task.readers or plain_path(path).suffix.lower() in readable_suffixes(task)


def _parsed_lines(path: Path, task: Task) -> Iterator[RawRow]:
    for number, line in numbered_lines(path):
        origin = f"{path}:{number}"
        if not line.strip():
            yield RawRow(origin, {}, empty=EMPTY_LINE)
            continue
        try:
            row = RawRow(origin, task.parse_text(line))
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
            if place is None or ends_at_an_error(rows):
                raise _unreadable(path, task, error) from error
            yield RawRow(_place_of(path, place), {}, str(error)[place.end() :])
        else:
            if numbered is None:
                return
            number, values = numbered
            is_line = not isinstance(number, RowNumber)
            yield RawRow(f"{path}:{number}" if is_line else f"{path} row {number}", values)


def _place_of(path: Path, numbered: re.Match[str]) -> str:
    """The place that an error of a reader begins with."""
    return f"{path}:{numbered[2]}" if numbered[1] == "line" else f"{path} row {numbered[2]}"


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
        f"{path}: {error}" if place is None else f"{_place_of(path, place)}: {str(error)[place.end() :]}",
        expected=f"a file in a format that the task {task.name!r} reads",
        next_step="Correct the file" if place is None else f"Correct the file at this {place[1]}",
        code="unreadable-file",
    )


def _guarded(path: Path, rows: Iterable[RawRow], encoding: str | None) -> Iterator[RawRow]:
    """The rows, read in this encoding; raises DataError where the file cannot be read."""
    iterator, going = iter(rows), True
    while going:
        some: list[RawRow] = []
        failure: Exception | None = None
        try:
            with reading_as(encoding):
                for raw in islice(iterator, READ_AT_ONCE):
                    some.append(raw)  # noqa: PERF402 (what was read before an error is kept)
        except Exception as error:  # the rows before it come first
            failure = error
        yield from some
        if isinstance(failure, OSError):
            raise DataError(
                f"{path}: cannot be read: {failure.strerror or failure}",
                expected="a readable file",
                next_step="Check the file and its permissions",
                code="unreadable-file",
            ) from failure
        if failure is not None:
            raise failure
        going = len(some) == READ_AT_ONCE
