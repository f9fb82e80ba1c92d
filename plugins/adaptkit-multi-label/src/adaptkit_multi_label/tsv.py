"""Reads TSV files: with a header line, or with labels that are line numbers of a ``labels.txt``."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from adaptkit import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from adaptkit import Row

NAMES = "labels.txt"

Line = tuple[int, list[str]]
"""A line's number, counted from 1, and its fields."""


def read(path: Path) -> Iterator[tuple[int, Row]]:
    """The rows of a TSV file, each with the number of its line.

    If the folder contains a ``labels.txt``, a line is ``text<TAB>4,27``: its labels are the names in these
    lines of ``labels.txt``, counted from 0, and further fields are ignored. Otherwise the first line names
    the columns. The iterator raises ValueError("line 7: ...") for a malformed line, and continues with the
    next line.
    """
    lines = ((number, line.split("\t")) for number, line in numbered_lines(path) if line)
    names_file = path.with_name(NAMES)
    if names_file.exists():
        names = [name.strip() for _, name in numbered_lines(names_file)]
        return map(partial(_indexed, names=names), lines)
    return map(partial(_named, header=_header(next(lines, (1, [])))), lines)


def _indexed(line: Line, names: Sequence[str]) -> tuple[int, Row]:
    number, fields = line
    if len(fields) == 1:
        return number, {"text": fields[0]}
    indices = [index for part in fields[1].split(",") if (index := part.strip())]
    for index in indices:
        if not (index.isascii() and index.isdecimal() and int(index) < len(names)):
            raise ValueError(
                f"line {number}: label {index!r:.40}; expected a number from 0 to {len(names) - 1}, "
                f"a line of {NAMES} in the same folder"
            )
    return number, {"text": fields[0], "labels": [names[int(index)] for index in indices]}


def _header(line: Line) -> list[str]:
    number, fields = line
    header = [_unquoted(field).strip() for field in fields]
    if len(set(header)) < len(header):
        raise ValueError(f"line {number}: the columns {', '.join(header)}; expected each name once")
    return header


def _named(line: Line, header: Sequence[str]) -> tuple[int, Row]:
    number, fields = line
    if len(fields) != len(header):
        raise ValueError(f"line {number}: {len(fields)} fields; expected {len(header)}, one per column")
    return number, dict(zip(header, map(_unquoted, fields), strict=True))


def _unquoted(field: str) -> str:
    """A field without surrounding quotes, which some programs add while doubling the quotes inside."""
    if len(field) < 2 or field[0] != '"' or field[-1] != '"' or '"' in field[1:-1].replace('""', ""):
        return field
    return field[1:-1].replace('""', '"')
