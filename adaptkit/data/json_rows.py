"""Reads JSON files into raw rows: one object per line, or one array of objects.

Stricter than Python's own parser: NaN, infinity, repeated keys and unpaired surrogates are refused.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from adaptkit.data.rows import RawRow, shortened
from adaptkit.data.text import numbered_lines, whole_text
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SPACE = re.compile(r"[ \t\r\n]*")
_COMMA_OR_END = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")


def json_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a ``.json`` file: an array of objects, or one object per line."""
    with path.open("rb") as file:
        start = file.read(1024).removeprefix(b"\xef\xbb\xbf").lstrip()
    return _array_rows(path) if start.startswith(b"[") else json_line_rows(path)


def json_line_rows(path: Path) -> Iterator[RawRow]:
    """The rows of a JSON Lines file; a line that is not a JSON object is a bad row."""
    parser = _Parser()
    for number, line in numbered_lines(path):
        text = line.strip()
        if not text:
            continue
        try:
            values, problem, end = parser.parse(text, 0)
            if end < len(text):
                problem = f"{shortened(text[end:])} after the end of the JSON value"
        except (ValueError, RecursionError) as error:
            values, problem = {}, _in_words(error)
        yield RawRow(f"{path}:{number}", {} if problem else values, problem)


def _array_rows(path: Path) -> Iterator[RawRow]:
    """The rows of an array; raises DataError where the array cannot be parsed any further."""
    text = whole_text(path)
    parser = _Parser()
    position = _skip_space(text, text.index("[") + 1)
    if text.startswith("]", position):
        return
    line, counted = 1, 0
    more = True
    while more:
        line, counted = line + text.count("\n", counted, position), position
        try:
            values, problem, end = parser.parse(text, position)
        except (ValueError, RecursionError) as error:
            raise _broken_array(f"{path}:{line}: {_in_words(error)}") from None
        yield RawRow(f"{path}:{line}", {} if problem else values, problem)
        separator = _COMMA_OR_END.match(text, end)
        if separator is None:
            raise _broken_array(f"{path}:{line}: no comma or ']' after the object that starts here")
        more, position = separator[1] == ",", separator.end()
    if position < len(text):
        raise _broken_array(f"{path}: {shortened(text[position : position + 80])} after the end of the array")


class _Parser:
    """Parses one JSON object at a time and collects its problems, so that parsing can continue."""

    def __init__(self) -> None:
        self._problems: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=self._number, parse_constant=self._constant
        )

    def parse(self, text: str, start: int) -> tuple[dict[str, Any], str, int]:
        """(object, its problems, its end); raises ValueError or RecursionError."""
        self._problems.clear()
        values, end = self._decoder.raw_decode(text, start)
        if not isinstance(values, dict):
            self._problems.append(f"{shortened(values)} is not an object with the row's columns")
        elif "\\u" in text[start:end] and _has_unpaired_surrogate(values):
            self._problems.append("an unpaired surrogate (\\ud800 to \\udfff), which is not a character")
        return values, "; ".join(self._problems), end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            self._problems.append(f"the key {shortened(twice)} occurs twice")
        return values

    def _number(self, digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            self._problems.append(f"the number {digits} is too large")
        return value

    def _constant(self, name: str) -> None:
        self._problems.append(f"{name} is not a JSON value")


def _has_unpaired_surrogate(values: dict[str, Any]) -> bool:
    try:
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def _skip_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return start if found is None else found.end()


def _in_words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (line {error.lineno}, character {error.colno})"
    return f"not JSON: {error}"


def _broken_array(problem: str) -> DataError:
    return DataError(
        problem,
        expected="an array with one object per row, or one object per line",
        next_step="Correct the file at this place",
        code="bad-json",
    )
