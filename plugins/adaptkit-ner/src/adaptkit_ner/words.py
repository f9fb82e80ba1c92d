"""The words and tags of a row, in the forms in which files hold them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adaptkit import plain_number, read_written

if TYPE_CHECKING:
    from adaptkit import Row

TOKENS = ("tokens", "words")
TAGS = ("tags", "ner_tags")
"""The names of the columns in published data sets; the task's own names come first."""


def given_tokens(row: Row) -> list[str] | None:
    """The words of a row; None if it has none. Raises ValueError if they are not a list of strings.

    A list may be written as text. Words may be a text with spaces if the tags are written as text, too.
    """
    value = _first(row, TOKENS)
    if isinstance(value, str):
        value = _split(value, row)
    if isinstance(value, list) and value and all(isinstance(one, Mapping) and "text" in one for one in value):
        value = [one["text"] for one in value]
    return None if value is None else _strings(value, "tokens")


def given_tags(row: Row, names: Sequence[str] | None = None) -> list[str] | None:
    """The tags of a row; None if it has none. Numbers become names.

    Args:
        row: the row.
        names: the name of each number, from 0; None if the tags are names.

    Raises:
        ValueError: the tags are not a list of strings, or a number has no name.
    """
    value = read_written(_first(row, TAGS), "tags")
    if isinstance(value, str):
        value = value.split()
    if isinstance(value, (list, tuple)) and (names is not None or not all(isinstance(t, str) for t in value)):
        value = [_named(plain_number(one), names) for one in value]
    return None if value is None else _strings(value, "tags")


def _first(row: Row, names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _split(text: str, row: Row) -> Any:
    """The words of a text: of a list that is written as text, or those between spaces."""
    value = read_written(text, "tokens")
    if not isinstance(value, str):
        return value
    return value.split() if isinstance(_first(row, TAGS), str) else value


def _named(tag: object, names: Sequence[str] | None) -> object:
    is_digits = isinstance(tag, str) and tag.isascii() and tag.isdecimal()
    if isinstance(tag, bool) or not (type(tag) is int or is_digits):
        return tag
    if names is None:
        if is_digits:
            return tag
        raise ValueError(
            f"tags holds {tag!r:.80}; expected strings, such as B-PER. If the tags are numbers, name them in "
            "their order with --option tag_names=O,B-PER,I-PER,..."
        )
    number = int(str(tag))
    if not 0 <= number < len(names):
        raise ValueError(f"tag {number}; expected a number from 0 to {len(names) - 1}, as tag_names has")
    return names[number]


def _strings(value: object, column: str) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{column} = {value!r:.80}; expected a list of strings")
    for one in value:
        if not isinstance(one, str):
            raise ValueError(f"{column} holds {one!r:.80}; expected strings")
    return list(value)
