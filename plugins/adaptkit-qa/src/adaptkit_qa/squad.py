"""Reads ``.json`` files: SQuAD 1.1 and 2.0, and plain rows as an array or one per line.

The questions of SQuAD and the rows of an array are identified by running numbers instead of lines.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from adaptkit import Row, RowNumber, document_rows, numbered_lines, whole_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_SPACE = " \t\r\n"


def read(path: Path) -> Iterator[tuple[int, Row]]:
    """Each row with its running number, or with its line if the file has one row per line.

    Raises ValueError for invalid JSON and for an invalid SQuAD document. The iterator raises
    ValueError("line 7: ...") or "row 7: ..." for what is not a row, and continues with the next row.
    """
    text = whole_text(path).lstrip(_SPACE)
    if not text:
        return iter(())
    first, end = _first_value(text)
    alone = not text[end:].strip(_SPACE)
    if isinstance(first, dict) and not (alone and ("data" in first or "\n" in text.strip(_SPACE))):
        if "data" in first and not isinstance(first["data"], (str, dict)):
            raise _surplus(text[end:])
        return map(_parsed, ((number, line) for number, line in numbered_lines(path) if line.strip(_SPACE)))
    if not alone:
        raise _surplus(text[end:])
    if isinstance(first, dict):
        return _document(first)
    if isinstance(first, list):
        return _articles(first) if _are_articles(first) else map(_object, _by_number(first))
    raise ValueError(f"{first!r:.40}; expected a SQuAD document, an array of rows, or one row per line")


def _surplus(rest: str) -> ValueError:
    return ValueError(f"{rest.lstrip(_SPACE)!r:.40} after the end of the JSON value")


def _document(document: dict[str, Any]) -> Iterator[tuple[int, Row]]:
    """The questions of a SQuAD document, or the rows of another document."""
    rows, form = document_rows(document)
    if (form and not _are_articles(rows)) or "data" not in document or isinstance(document["data"], dict):
        return map(_object, _by_number(rows))
    return _by_number(_questions(document))


def _are_articles(rows: list[Any]) -> bool:
    return any(isinstance(row, dict) and "paragraphs" in row for row in rows)


def _articles(articles: list[Any]) -> Iterator[tuple[int, Row]]:
    """The questions of the articles of a SQuAD document that are an array of their own."""
    return _by_number(_questions({"data": articles}))


def _by_number(rows: Sequence[Any]) -> Iterator[tuple[RowNumber, Any]]:
    return ((RowNumber(number), row) for number, row in enumerate(rows, start=1))


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
        place = "row" if isinstance(number, RowNumber) else "line"
        raise ValueError(f"{place} {number}: {value!r:.80} is not an object with the row's columns")
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
