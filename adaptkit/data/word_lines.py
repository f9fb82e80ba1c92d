"""Reads column files: a word and its tag per line, sentences separated by blank lines. For plugin authors.

Columns are separated by tabs if the line contains one, and otherwise by spaces. There are no comments,
because a word may start with ``#``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from adaptkit.data.text import numbered_lines
from adaptkit.task import Row

DOCUMENT_START = "-DOCSTART-"

FEWEST = 2
"""The columns of a line with a tag; further ones that are empty at the end of the line are ignored."""


class Line(NamedTuple):
    """A line that is not blank: its number, counted from 1, and its columns."""

    number: int
    columns: list[str]


def word_lines(
    token_column: int = 0, tag_column: int = -1, *, name: str = "tags"
) -> Callable[[Path], Iterator[tuple[int, Row]]]:
    """A reader that yields ``{"tokens": [...], "tags": [...]}`` and the number of the sentence's first line.

    Its iterator raises ValueError("line 7: ...") for a sentence with a malformed line, and continues with the
    next sentence. A file with one column gives tokens without tags, to be predicted.

    Args:
        token_column: the column of the words, from 0, or from -1 at the end of the line.
        tag_column: the column of the tags.
        name: the name of the tags in the rows.
    """

    def numbered_row(numbered: tuple[Line, list[Line]]) -> tuple[int, Row]:
        model, sentence = numbered
        columns = _chosen(model, {"tokens": token_column, name: tag_column})
        for line in sentence:
            _check(line, model, columns)
        row = {name: [line.columns[column] for line in sentence] for name, column in columns.items()}
        return sentence[0].number, row

    return lambda path: map(numbered_row, _sentences(path))


def _sentences(path: Path) -> Iterator[tuple[Line, list[Line]]]:
    """The file's first line, which sets the number of columns, with the lines of each sentence."""
    model: Line | None = None
    sentence: list[Line] = []
    for number, text in numbered_lines(path):
        if text.strip() and not text.startswith(DOCUMENT_START):
            sentence.append(Line(number, _columns(text)))
            model = model or sentence[0]
        elif model and sentence:
            yield model, sentence
            sentence = []
    if model and sentence:
        yield model, sentence


def _columns(line: str) -> list[str]:
    if "\t" in line:
        columns = [column.strip(" ") for column in line.split("\t")]
        while len(columns) > FEWEST and not columns[-1]:  # a tab at the end of the line
            columns.pop()
        return columns
    return [column for column in line.split(" ") if column]


def _chosen(model: Line, columns: dict[str, int]) -> dict[str, int]:
    """The columns to read, each with its position; only the words if there is nothing else."""
    width = len(model.columns)
    chosen = dict(list(columns.items())[:1]) if width == 1 else columns
    for name, column in chosen.items():
        if not -width <= column < width:
            raise ValueError(f"line {model.number}: {_count(width)}, so no {name} in column {column}")
    return chosen


def _check(line: Line, model: Line, columns: dict[str, int]) -> None:
    if len(line.columns) != len(model.columns):
        raise ValueError(
            f"line {line.number}: {_count(len(line.columns))}, "
            f"but line {model.number} has {len(model.columns)}; "
            "expected a word and its tag on every line, separated by a tab or by spaces"
        )
    for name, column in columns.items():
        if not line.columns[column]:
            raise ValueError(f"line {line.number}: the column of the {name} is empty; expected a value")


def _count(columns: int) -> str:
    return f"{columns} column{'' if columns == 1 else 's'}"
