"""Reads CSV and TSV files into raw rows."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING

from adaptkit.data.delimiters import delimiter_of, in_words
from adaptkit.data.headers import check_header, columns_of
from adaptkit.data.rows import RawRow, counted
from adaptkit.data.text import MAX_LINE_BYTES, numbered_lines
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

EXCEL_DELIMITER = re.compile(r"sep=(.)\s*", re.IGNORECASE)
"""The first line of a table for Excel that declares the delimiter; the header follows it."""

Record = tuple[int, list[str], str]
"""(line number, fields, what is wrong with them)"""


def csv_rows(path: Path, wanted: Collection[str], known: Collection[str], delimiter: str) -> Iterator[RawRow]:
    """The rows of a CSV file, with the columns of `columns_of`.

    A quoted field may contain line breaks. Raises DataError for an invalid header, and for a quote that is
    never closed, after which no row can be read.
    """
    return _rows(path, _csv_records(path, delimiter), wanted, known)


def tsv_rows(path: Path, wanted: Collection[str], known: Collection[str]) -> Iterator[RawRow]:
    """The rows of a TSV file, one per line, with the columns of `columns_of`."""
    records = ((number, [_unquoted(field) for field in line.split("\t")], "")
               for number, line in _lines_of(path) if line)  # fmt: skip
    return _rows(path, records, wanted, known)


def table_rows(
    path: Path, usual: str, wanted: Collection[str], known: Collection[str], delimiter: str | None
) -> Iterator[RawRow]:
    """The rows of a table, whose delimiter is found from its header unless it is given.

    Args:
        path: the file.
        usual: the delimiter of files with this suffix.
        wanted: the columns that the user named.
        known: the task's columns.
        delimiter: the delimiter that the user named, if any.
    """
    first = next((line for _, line in _lines_of(path) if line.strip()), "")
    declared = EXCEL_DELIMITER.fullmatch(first)
    if declared is not None:
        yield from _rows(path, islice(_csv_records(path, declared[1]), 1, None), wanted, known)
        return
    chosen = delimiter or _found_delimiter(first, usual, wanted, known)
    is_tsv = chosen == usual == "\t"
    rows = tsv_rows(path, wanted, known) if is_tsv else csv_rows(path, wanted, known, chosen)
    if chosen == usual:
        yield from rows
        return
    note = f"{in_words(chosen)} between fields"
    for row in rows:
        yield replace(row, notes=(note, *row.notes))


def _found_delimiter(header: str, usual: str, wanted: Collection[str], known: Collection[str]) -> str:
    by_number = bool(wanted) and all(name.isdecimal() for name in wanted)
    positions = max(map(int, wanted)) if by_number else 0
    return delimiter_of(header, usual, {*wanted, *known}, positions)


def _rows(
    path: Path, records: Iterator[Record], wanted: Collection[str], known: Collection[str]
) -> Iterator[RawRow]:
    first = next(records, None)
    if first is None:
        return
    number, fields, problem = first
    names = [name.strip() for name in fields]
    found = columns_of(names, wanted, known)
    header, notes = found.names, found.notes
    if found.is_header:
        check_header(path, number, names, problem)
    else:
        yield RawRow(f"{path}:{number}", dict(zip(header, fields, strict=True)), problem, notes=notes)
    place, columns = str(path), len(header)
    for number, fields, problem in records:
        if not problem and len(fields) != columns:
            problem = f"{counted(len(fields), 'field')}, but {counted(len(header), 'column')}"
        values = {} if problem else dict(zip(header, fields, strict=True))
        yield RawRow(f"{place}:{number}", values, problem, notes=notes)


def _lines_of(path: Path) -> Iterator[tuple[int, str]]:
    """The numbered lines of a table. Carriage returns end them if the file has no line feed, as some programs
    for the Macintosh write it."""
    lines = numbered_lines(path)
    start = list(islice(lines, 2))
    if len(start) == 1 and "\r" in start[0][1]:
        yield from enumerate(start[0][1].split("\r"), start=1)
        return
    yield from start
    yield from lines


def _csv_records(path: Path, delimiter: str) -> Iterator[Record]:
    # The csv module's limit of 131,072 characters per field holds for the process: raise it, never lower it.
    csv.field_size_limit(max(MAX_LINE_BYTES, csv.field_size_limit()))
    lines = (f"{line}\n" for _, line in _lines_of(path))
    # strict: otherwise an unclosed quote silently includes the rows after it.
    reader = csv.reader(lines, strict=True, delimiter=delimiter)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            if "field limit" in str(error):
                raise _unclosed_quote(path, number, f"after {MAX_LINE_BYTES:,} characters") from None
            if "unexpected end" in str(error):
                raise _unclosed_quote(path, number, "when the file ends") from None
            upto = f"; it extends to line {reader.line_num}" if reader.line_num > number else ""
            yield number, [], f"a quoted field that does not end correctly ({error}){upto}"
        else:
            if fields:
                yield number, fields, ""


def _unclosed_quote(path: Path, number: int, where: str) -> DataError:
    """An error that cannot be skipped, because the rows after the quote cannot be read."""
    return DataError(
        f"{path}:{number}: the quoted field that starts here has not ended {where}",
        expected="a closing quote",
        next_step="Close the quote, or double it if it is part of the text",
        code="unclosed-quote",
    )


def _unquoted(field: str) -> str:
    """A TSV field without the quotes around it.

    Some programs quote fields as in CSV, others write quotes unchanged. A field counts as quoted only if it
    starts and ends with a quote and every quote in between is doubled.
    """
    if len(field) < 2 or field[0] != '"' or field[-1] != '"':
        return field
    inner = field[1:-1]
    return field if '"' in inner.replace('""', "") else inner.replace('""', '"')
