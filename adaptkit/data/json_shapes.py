"""The rows of a JSON document that is one object: rows under a key, columns, Rasa's data, or a single row."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adaptkit.data.compressed import first_bytes
from adaptkit.data.formats import rasa
from adaptkit.data.rows import shortened
from adaptkit.data.strict_json import Parser, in_words
from adaptkit.data.text import whole_text
from adaptkit.errors import DataError
from adaptkit.tasks.marks import looks_like_marks

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

ROWS_KEYS = ("data", "rows", "examples", "records", "items", "annotations", "results")
"""The keys under which programs write a list of rows."""

TEXT_COLUMNS = ("text", "premise", "hypothesis", "sentence", "sentence1", "question", "context")
"""Columns of a single row that are texts."""

WORD_COLUMNS = ("tokens", "words")
"""Columns of a single row that are lists."""


def document_rows(document: Mapping[str, Any]) -> tuple[list[Any], str]:
    """The rows of a JSON document that is one object, and how they are written, in a few words.

    A document that is none of the known forms is a single row; the words are then empty.
    """
    examples = rasa.json_examples(document)
    if examples is not None:
        return examples, rasa.TOOL
    if _is_row(document):
        return [dict(document)], ""
    for found, form in (_listed(document), _columns(document), _by_number(document)):
        if found is not None:
            return found, form
    return [dict(document)], ""


def document_splits(path: Path, names: Mapping[str, Collection[str]]) -> dict[str, list[Any]]:
    """The splits of a JSON document such as ``{"train": [...], "test": [...]}``; empty for any other file.

    Args:
        path: the file.
        names: the names of each split.

    Raises:
        DataError: the document looks like this, but is not JSON, or has repeated keys or the like.
    """
    every = {name for group in names.values() for name in group}
    start = first_bytes(path, 200).removeprefix(b"\xef\xbb\xbf").decode("utf-8", "ignore")
    match = re.match(r'\s*\{\s*"(\w+)"\s*:\s*\[', start)
    if match is None or match[1].lower() not in every:
        return {}
    text = whole_text(path).strip()
    try:
        document, problem, end = Parser().parse(text, 0)
    except (ValueError, RecursionError) as error:
        raise _bad_splits(path, in_words(error)) from None
    if end < len(text):
        raise _bad_splits(path, f"{shortened(text[end:])} after the end of the JSON value")
    if not isinstance(document, dict) or not all(isinstance(rows, list) for rows in document.values()):
        return {}
    by_split = {
        split: rows
        for split, group in names.items()
        for name, rows in document.items()
        if name.lower() in group
    }
    if len(by_split) < len(document):
        return {}
    if problem:
        raise _bad_splits(path, problem)
    return by_split


def _bad_splits(path: Path, problem: str) -> DataError:
    return DataError(
        f"{path}: {problem}",
        expected='an object with a list of rows for each split, such as {"train": [...], "test": [...]}',
        next_step="Correct the file at this place",
        code="bad-json",
    )


def _is_row(document: Mapping[str, Any]) -> bool:
    """Whether an object is plainly one row: it has a text or words, or is a task of Label Studio."""
    if any(isinstance(document.get(name), str) for name in TEXT_COLUMNS):
        return True
    if isinstance(document.get("data"), Mapping) and isinstance(document.get("annotations"), list):
        return True
    words = next((document[name] for name in WORD_COLUMNS if isinstance(document.get(name), list)), None)
    return words is not None and all(isinstance(word, str) for word in words)


def _listed(document: Mapping[str, Any]) -> tuple[list[Any] | None, str]:
    """The rows under one of the known keys."""
    for key in ROWS_KEYS:
        rows = document.get(key)
        if not isinstance(rows, list) or not rows or looks_like_marks(rows):
            continue
        names: Any = document.get("columns")
        if _are_names(names) and all(isinstance(row, list) and len(row) == len(names) for row in rows):
            return [dict(zip(names, row, strict=True)) for row in rows], f"rows under {key!r}"
        if all(isinstance(row, (dict, list)) for row in rows):
            return [_unwrapped(row) for row in rows], f"rows under {key!r}"
    return None, ""


def _are_names(names: Any) -> bool:
    return isinstance(names, list) and all(isinstance(name, str) for name in names)


def _unwrapped(row: Any) -> Any:
    """The row of ``{"row_idx": 0, "row": {...}}``, as the hub's viewer writes it."""
    inner = row.get("row") if isinstance(row, dict) else None
    return inner if isinstance(inner, dict) else row


def _columns(document: Mapping[str, Any]) -> tuple[list[Any] | None, str]:
    """The rows of an object with a list for each column, or with an object of numbered values for each."""
    values = list(document.values())
    if not values:
        return None, ""
    if all(isinstance(column, Mapping) and _are_numbers(column) for column in values):
        if any(column.keys() != values[0].keys() for column in values):
            return None, ""
        values = [list(column.values()) for column in values]
    if not all(isinstance(column, list) for column in values) or len({len(one) for one in values}) != 1:
        return None, ""
    rows = zip(*values, strict=True)
    return [dict(zip(document, row, strict=True)) for row in rows], "a list for each column"


def _by_number(document: Mapping[str, Any]) -> tuple[list[Any] | None, str]:
    if document and _are_numbers(document) and all(isinstance(row, dict) for row in document.values()):
        return list(document.values()), "rows by their numbers"
    return None, ""


def _are_numbers(names: Mapping[str, Any] | Sequence[str]) -> bool:
    return bool(names) and all(name.isdecimal() for name in names)
