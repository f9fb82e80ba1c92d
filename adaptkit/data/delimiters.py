"""Finds the delimiter of a table from its header."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

DELIMITERS = (",", ";", "\t", "|")
NAMES = {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a vertical bar", " ": "a space"}


def delimiter_of(header: str, usual: str, known: Collection[str], positions: int = 0) -> str:
    """The delimiter that gives the header the most known columns.

    Args:
        header: the first line of the table.
        usual: the usual delimiter of the file's suffix; it is chosen unless another one is plainly better.
        known: the names of columns of the task, and those that the user named.
        positions: how many columns a file without a header line must have; 0 if the first line names them.
    """
    fields = {one: fields_of(header, one) for one in DELIMITERS}
    if positions:
        enough = [one for one in DELIMITERS if len(fields[one]) >= positions]
        return usual if usual in enough or not enough else enough[0]
    names = {name.strip().casefold() for name in known}
    found = {one: sum(field.strip().casefold() in names for field in fields[one]) for one in DELIMITERS}
    best = max(DELIMITERS, key=lambda one: (found[one], one == usual, len(fields[one])))
    if found[best] > found[usual]:
        return best
    if len(fields[usual]) > 1 or found[usual]:
        return usual
    return max(DELIMITERS, key=lambda one: (len(fields[one]), one == usual))


def fields_of(line: str, delimiter: str) -> Sequence[str]:
    """The fields of a line; the complete line if its quotes are not closed."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def in_words(delimiter: str) -> str:
    """The delimiter for a message."""
    return NAMES.get(delimiter, repr(delimiter))
