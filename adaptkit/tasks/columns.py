"""Reads the columns of rows: required texts, missing values, texts of several parts. For plugin authors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adaptkit.tasks.written import plain_number

if TYPE_CHECKING:
    from adaptkit.task import Row

MISSING = ("", "-", "-1")
"""The values that published data sets have in the place of a label that is not known."""

_BETWEEN = re.compile(r"\t| \|\|\| ")


def first_column(row: Row, names: Sequence[str]) -> str:
    """The first of these columns that the row has; the first name if it has none of them."""
    for name in names:
        if name in row:
            return name
    return names[0]


def required_text(row: Row, *names: str) -> str:
    """The text in the first of these columns that the row has.

    Raises:
        ValueError: it is not a string, or it is empty.
    """
    name = first_column(row, names)
    text = row.get(name)
    if not isinstance(text, str):
        raise ValueError(f"{name} = {text!r:.80}; expected a string")
    if not text.strip():
        raise ValueError(f"the {name} is empty; expected at least one character that is not white space")
    return text


def is_missing(value: object, marks: Sequence[str] = MISSING) -> bool:
    """Whether a value says that there is no label, as in rows whose annotators did not agree.

    Args:
        value: the value of the column.
        marks: the texts and numbers that say so, besides None.
    """
    return value is None or str(plain_number(value)).strip() in marks


def text_parts(text: str, count: int, expected: str) -> list[str]:
    """The parts of a text with `` ||| `` or a tab between them, as `Task.parse_text` receives it.

    Args:
        text: the text.
        count: the number of its parts.
        expected: what the parts are, for the message: "a premise and a hypothesis".

    Raises:
        ValueError: it has another number of parts.
    """
    parts = _BETWEEN.split(text)
    if len(parts) != count:
        raise ValueError(
            f"{text!r:.80} has {len(parts)} part{'' if len(parts) == 1 else 's'}; "
            f"expected {expected} with ' ||| ' or a tab between them"
        )
    return parts
