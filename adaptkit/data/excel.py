"""Reads Excel files, ``.xlsx``, into raw rows, with openpyxl, which is an optional extra."""

from __future__ import annotations

import zlib
from contextlib import closing
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile

from adaptkit.data.headers import check_header, columns_of
from adaptkit.data.rows import RawRow, listed
from adaptkit.errors import AdaptkitError, DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

DAMAGED = (
    BadZipFile, ParseError, zlib.error, KeyError, IndexError, ValueError, TypeError, OSError, EOFError
)  # fmt: skip
"""What openpyxl raises for a damaged file, now or while the rows are read."""


def xlsx_rows(path: Path, wanted: Collection[str], known: Collection[str]) -> Iterator[RawRow]:
    """The rows of the first sheet, with the columns of `columns_of`. Empty rows are left out.

    Raises DataError if openpyxl is not installed, the file is damaged, or the first row names no columns.
    """
    try:
        from openpyxl import load_workbook
    except ImportError:
        raise DataError(
            f"{path}: Excel files are read by openpyxl, which is not installed",
            expected="openpyxl, or the same rows saved as CSV UTF-8",
            next_step="Install it: pip install 'adaptkit[excel]'",
            code="extra-missing",
        ) from None
    try:
        with closing(load_workbook(path, read_only=True, data_only=True)) as book:
            yield from _first_sheet(path, book, wanted, known)
    except AdaptkitError:
        raise
    except DAMAGED as error:
        raise DataError(
            f"{path}: cannot be read as an Excel file: {error}",
            expected="a complete .xlsx file",
            next_step="Save or download the file again, or save it as CSV UTF-8",
            code="unreadable-file",
        ) from error


def _first_sheet(path: Path, book: Any, wanted: Collection[str], known: Collection[str]) -> Iterator[RawRow]:
    sheet = book.worksheets[0]
    note = f"the sheet {sheet.title!r}"
    if len(book.worksheets) > 1:
        note += f" of {listed(other.title for other in book.worksheets)}"
    yield from _rows(path, sheet.iter_rows(values_only=True), wanted, known, note)


def _rows(
    path: Path,
    records: Iterator[Sequence[Any]],
    wanted: Collection[str],
    known: Collection[str],
    note: str,
) -> Iterator[RawRow]:
    header: Sequence[str] | None = None
    notes: tuple[str, ...] = (note,)
    for number, cells in enumerate(records, start=1):
        values = [None if cell is None else _value(cell) for cell in cells]
        if all(value is None or value == "" for value in values):
            continue
        if header is None:
            names = ["" if value is None else str(value).strip() for value in values]
            found = columns_of(names, wanted, known)
            header, notes = found.names, (note, *found.notes)
            if found.is_header:
                check_header(path, number, [name for name in names if name], "")
                continue
        surplus = [value for value in values[len(header) :] if value is not None]
        problem = f"{len(values)} cells, but {len(header)} columns" if surplus else ""
        named = {name: value for name, value in zip(header, values, strict=False) if name}
        yield RawRow(f"{path}:{number}", {} if problem else named, problem, notes=notes)


def _value(cell: Any) -> Any:
    """The value of a cell as other files have it: text, a number, or whether it is true; dates as text."""
    return cell if isinstance(cell, (str, int, float, bool)) else str(cell)
