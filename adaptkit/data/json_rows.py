"""Reads JSON files into raw rows: one object per line, an array of objects, or one object with rows in it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from adaptkit.data.compressed import opened_bytes
from adaptkit.data.formats.spans import pair_of
from adaptkit.data.json_shapes import document_rows
from adaptkit.data.rows import RawRow, shortened
from adaptkit.data.strict_json import Parser, in_words
from adaptkit.data.text import MAX_LINE_BYTES, named_encoding, numbered_lines, whole_text
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMA_OR_END = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")


def json_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a JSON file of any shape: an array, rows in an object, or one object or pair per line."""
    first, second = _first_lines(path)
    complete = _complete(first)
    if first.startswith("["):
        yield from json_line_rows(path) if _is_pair(complete) else _array_rows(path)
        return
    continued = complete is None and second[:1] not in ("", "{")
    alone = complete is not None and not second
    is_document = first.startswith("{") and (continued or alone)
    yield from _document_rows(path) if is_document else json_line_rows(path)


def looks_like_json(start: str) -> bool:
    """Whether the start of a file is that of JSON: an object or an array, with at least one value in it."""
    return re.match(r'\s*(\[\s*)?(\{\s*"|\[\s*")', start) is not None


def element_row(origin: str, element: Any, problem: str = "", notes: tuple[str, ...] = ()) -> RawRow:
    """The row of an object, or of a pair of a text and its label; a bad row for another value."""
    if isinstance(element, list) and (pair := pair_of(element)) is not None:
        element, notes = pair, (*notes, "pairs of a text and its annotation")
    if not isinstance(element, dict):
        problem = problem or f"{shortened(element)} is not an object with the row's columns"
    return RawRow(origin, {} if problem else element, problem, notes=() if problem else notes)


def json_line_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a JSON Lines file; a line that is not a row is a bad row."""
    parser = Parser()
    for number, line in numbered_lines(path):
        text = line.strip()
        if not text:
            continue
        values: Any = None
        try:
            values, problem, end = parser.parse(text, 0)
            if end < len(text):
                problem = f"{shortened(text[end:])} after the end of the JSON value"
        except (ValueError, RecursionError) as error:
            problem = in_words(error)
        yield element_row(f"{path}:{number}", values, problem)


def _first_lines(path: Path) -> tuple[str, str]:
    """The first line that is not blank, and the start of the next one; the first may be cut if it is long."""
    found: list[str] = []
    with opened_bytes(path) as file:
        while len(found) < 2 and (line := file.readline(MAX_LINE_BYTES)):
            if text := line.decode(named_encoding(), "replace").removeprefix("\ufeff").strip():
                found.append(text)
    return (found[0] if found else ""), (found[1] if len(found) > 1 else "")


def _complete(line: str) -> Any:
    """The value of a line that is JSON; None for another line."""
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], str)


def _document_rows(path: Path) -> Iterator[RawRow]:
    """The rows of one or several objects that are written on several lines, or with rows in them."""
    text = whole_text(path)
    parser, position, count = Parser(), _skip_space(text, 0), 0
    line, counted = 1, 0
    while position < len(text):
        line, counted = line + text.count("\n", counted, position), position
        try:
            values, problem, end = parser.parse(text, position)
        except (ValueError, RecursionError) as error:
            raise _broken_array(f"{path}:{line}: {in_words(error)}") from None
        position = _skip_space(text, end)
        rows, form = document_rows(values) if isinstance(values, dict) else ([values], "")
        if not form:
            yield element_row(f"{path}:{line}", values, problem)
            continue
        if problem:
            raise _broken_array(f"{path}: {problem}")
        for count, row in enumerate(rows, start=count + 1):  # noqa: B020 (numbers go on over all objects)
            yield element_row(f"{path} row {count}", row, notes=(form,))


def _array_rows(path: Path) -> Iterator[RawRow]:
    """The rows of an array, by their lines, or by their numbers if all are on one line.

    Raises DataError where the array cannot be parsed any further.
    """
    text = whole_text(path)
    parser = Parser()
    position = _skip_space(text, text.index("[") + 1)
    if text.startswith("]", position):
        return
    one_line = "\n" not in text.strip()
    line, counted, number = 1, 0, 0
    more = True
    while more:
        line, counted, number = line + text.count("\n", counted, position), position, number + 1
        try:
            values, problem, end = parser.parse(text, position)
        except (ValueError, RecursionError) as error:
            raise _broken_array(f"{path}:{line}: {in_words(error)}") from None
        yield element_row(f"{path} row {number}" if one_line else f"{path}:{line}", values, problem)
        separator = _COMMA_OR_END.match(text, end)
        if separator is None:
            raise _broken_array(f"{path}:{line}: no comma or ']' after the object that starts here")
        more, position = separator[1] == ",", separator.end()
    if position < len(text):
        raise _broken_array(f"{path}: {shortened(text[position : position + 80])} after the end of the array")


def _skip_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return start if found is None else found.end()


def _broken_array(problem: str) -> DataError:
    return DataError(
        problem,
        expected="an array with one object per row, or one object per line",
        next_step="Correct the file at this place",
        code="bad-json",
    )
