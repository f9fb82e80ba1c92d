"""Reads ``.json`` files: SQuAD 1.1 and 2.0, and plain rows as an array or one per line.

The questions of SQuAD and the rows of an array are identified by running numbers instead of lines.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from adaptkit import Row, numbered_lines, whole_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SPACE = " \t\r\n"


def read(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row with its running number, or with its line if the file has one row per line.

    Raises ValueError for invalid JSON and for an invalid SQuAD document. The iterator raises
    ValueError("line 7: ...") for a line that is not a row, and continues with the next row.
    """
    text = whole_text(path).lstrip(_SPACE)
    if not text:
        return iter(())
    first, end = _first_value(text)
    if isinstance(first, dict) and "data" not in first:
        return map(_parsed, ((number, line) for number, line in numbered_lines(path) if line.strip(_SPACE)))
    if text[end:].strip(_SPACE):
        raise ValueError(f"{text[end:].lstrip(_SPACE)!r:.40} after the end of the JSON value")
    if isinstance(first, dict):
        return enumerate(_questions(first), start=1)
    if isinstance(first, list):
        return map(_object, enumerate(first, start=1))
    raise ValueError(f"{first!r:.40}; expected a SQuAD document, an array of rows, or one row per line")


def _first_value(text: str) -> tuple[Any, int]:
    """The first JSON value in a text and its end; NaN, infinity and repeated keys are refused."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_twins, parse_constant=_refused)
    try:
        return decoder.raw_decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"not JSON: {error.msg} (JSON line {error.lineno}, character {error.colno})"
        ) from None
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"the key {twice!r:.80} occurs twice in one object")
    return values


def _refused(name: str) -> None:
    raise ValueError(f"{name} is not a JSON value")


def _parsed(numbered: tuple[int, str]) -> tuple[int, Row]:
    number, line = numbered
    try:
        value, end = _first_value(line.strip(_SPACE))
    except ValueError as error:
        raise ValueError(f"line {number}: {error}") from None
    if rest := line.strip(_SPACE)[end:].strip(_SPACE):
        raise ValueError(f"line {number}: {rest!r:.40} after the end of the JSON value")
    return _object((number, value))


def _object(numbered: tuple[int, Any]) -> tuple[int, Row]:
    number, value = numbered
    if not isinstance(value, dict):
        raise ValueError(f"line {number}: {value!r:.80} is not an object with the row's columns")
    return number, value


def _questions(document: dict[str, Any]) -> list[Row]:
    """The questions of a SQuAD document as rows; the questions of a paragraph share its context."""
    return [
        {**question, "context": paragraph.get("context")}
        for article_place, article in _objects(document, "data", "the document")
        for paragraph_place, paragraph in _objects(article, "paragraphs", article_place)
        for _, question in _objects(paragraph, "qas", paragraph_place)
    ]


def _objects(owner: dict[str, Any], name: str, place: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects in the list ``owner[name]``, each with its place in the document."""
    values = owner.get(name)
    if not isinstance(values, list):
        raise ValueError(f"{name} of {place} is {values!r:.40}; expected a list of objects")
    for position, value in enumerate(values):
        if not isinstance(value, dict):
            raise ValueError(f"{name}[{position}] of {place} is {value!r:.40}; expected an object")
        yield (f"{name}[{position}]" if name == "data" else f"{place}.{name}[{position}]"), value
