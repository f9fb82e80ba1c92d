"""Reads CoNLL-U files: a word per line in ten columns, sentences separated by blank lines.

Comments, ranges of words (``1-2``) and empty nodes (``1.1``) are left out.
The format is described at https://universaldependencies.org/format.html.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from adaptkit import numbered_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from adaptkit import Row

WIDTH = 10
FORM, UPOS = 1, 3


class Line(NamedTuple):
    """A line of a sentence: its number, counted from 1, and its columns."""

    number: int
    columns: list[str]


_WORD = re.compile(r"\d+")
_NO_WORD = re.compile(r"\d+[-.]\d+")


def reader(token_column: int = FORM, tag_column: int = UPOS) -> Callable[[Path], Iterator[tuple[int, Row]]]:
    """A reader that yields ``{"tokens": [...], "tags": [...]}`` and the number of the sentence's first line.

    Its iterator raises ValueError("line 7: ...") for a sentence with a malformed line, and continues with the
    next sentence.
    """
    columns = {"tokens": token_column, "tags": tag_column}

    def numbered_row(sentence: list[Line]) -> tuple[int, Row]:
        words = [line for line in sentence if _is_word(line)]
        row = {name: [_field(line, name, column) for line in words] for name, column in columns.items()}
        return sentence[0].number, row

    return lambda path: map(numbered_row, _sentences(path))


def _sentences(path: Path) -> Iterator[list[Line]]:
    """The lines of each sentence, without its comments."""
    sentence: list[Line] = []
    for number, text in numbered_lines(path):
        if not text.strip():
            if sentence:
                yield sentence
            sentence = []
        elif not text.startswith("#"):
            sentence.append(Line(number, text.split("\t")))
    if sentence:
        yield sentence


def _is_word(line: Line) -> bool:
    identifier, width = line.columns[0], len(line.columns)
    if width != WIDTH:
        raise ValueError(
            f"line {line.number}: {width} column{'' if width == 1 else 's'}; "
            f"expected the {WIDTH} columns of CoNLL-U, separated by tabs"
        )
    if not _WORD.fullmatch(identifier) and not _NO_WORD.fullmatch(identifier):
        raise ValueError(
            f"line {line.number}: the ID {identifier!r:.40}; "
            "expected a number, a range such as 1-2, or an empty node such as 1.1"
        )
    return _WORD.fullmatch(identifier) is not None


def _field(line: Line, name: str, column: int) -> str:
    if not -WIDTH <= column < WIDTH:
        raise ValueError(f"line {line.number}: {WIDTH} columns, so no {name} in column {column}")
    if not line.columns[column]:
        raise ValueError(f"line {line.number}: the column of the {name} is empty; expected a value")
    return line.columns[column]
