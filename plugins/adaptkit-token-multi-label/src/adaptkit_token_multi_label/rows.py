"""Converts rows to a standard form: ``tokens``, and ``labels`` with the list of each token's labels.

If the text is known, a row has ``text`` and ``spans`` (the characters of each token), too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adaptkit import (
    found_words,
    marks_in,
    named_class,
    plain_number,
    read_written,
    split_words,
    words_of_mark,
)

if TYPE_CHECKING:
    from adaptkit import Row

TOKENS, LABELS = ("tokens", "words"), ("labels", "tags")
"""The names of the columns; the task's own names come first."""

NONE = ("", "O", "_", "-")
"""What files write in the place of the labels of a token that has none."""


def prepare(row: Row, *, separator: str = "|", names: Sequence[str] | None = None) -> Row:
    """A row with ``tokens`` and ``labels``, or with ``text`` and ``entities``, in the standard form.

    Entities may overlap: a token has the labels of all entities that it is in. A row to be predicted has
    neither labels nor entities.

    Args:
        row: the row.
        separator: what is between two labels that are one text.
        names: the names of labels that are numbers.

    Raises:
        ValueError: says what is wrong with the row.
    """
    labels = read_written(_first(row, LABELS), "labels")
    if labels is None and (row.get("entities") is not None or _first(row, TOKENS) is None):
        return _of_text(row)
    tokens = _tokens(row)
    prepared: dict[str, Any] = {"tokens": tokens}
    if isinstance(row.get("text"), str) and (spans := found_words(tokens, row["text"])):
        prepared |= {"text": row["text"], "spans": spans}
    if labels is not None:
        prepared["labels"] = _for_each(labels, tokens, separator, names)
    return prepared


def _first(row: Row, names: Sequence[str]) -> Any:
    return next((row[name] for name in names if row.get(name) is not None), None)


def _of_text(row: Row) -> Row:
    text = row.get("text")
    if not isinstance(text, str):
        raise ValueError(f"text = {text!r:.80}; expected a string (or tokens and labels)")
    if row.get("entities") is None:
        return split_words(text)
    marks = marks_in(row["entities"], text)
    prepared = split_words(text, marks)
    labels: list[list[str]] = [[] for _ in prepared["tokens"]]
    for mark in marks:
        first, end = words_of_mark(mark, prepared["spans"], text)
        for its in labels[first:end]:
            if mark.label not in its:
                its.append(mark.label)
    return {**prepared, "labels": labels}


def _tokens(row: Row) -> list[str]:
    """The tokens; raises ValueError unless they are one or more strings."""
    found = read_written(_first(row, TOKENS), "tokens")
    if found and isinstance(found, list) and all(isinstance(one, Mapping) and "text" in one for one in found):
        found = [one["text"] for one in found]
    if not isinstance(found, (list, tuple)) or not all(isinstance(one, str) for one in found):
        raise ValueError(f"tokens = {found!r:.80}; expected a list of strings")
    if not found:
        raise ValueError("tokens is empty; expected at least one")
    return list(found)


def _for_each(
    labels: object, tokens: Sequence[str], separator: str, names: Sequence[str] | None
) -> list[list[str]]:
    """The labels of each token; raises ValueError for another number of them, or for what is no label."""
    if not isinstance(labels, (list, tuple)):
        raise ValueError(f"labels = {labels!r:.80}; expected a list with the labels of each token")
    if len(labels) != len(tokens):
        raise ValueError(
            f"{len(tokens)} tokens, but labels of {len(labels)}; expected a list of labels for each token"
        )
    found = []
    for place, (token, its) in enumerate(zip(tokens, labels, strict=True), 1):
        try:
            found.append(_names(its, separator, names))
        except ValueError as error:
            raise ValueError(f"token {place} ({token!r:.40}): {error}") from None
    return found


def _names(labels: object, separator: str, names: Sequence[str] | None) -> list[str]:
    """The names of a token's labels without repetitions, from a list or from one text."""
    if labels is None:
        return []
    if isinstance(labels, str):
        labels = [] if labels.strip() in NONE else labels.split(separator)
    if isinstance(labels, (bool, int, float)):
        labels = [labels]
    if not isinstance(labels, (list, tuple)):
        raise ValueError(f"labels = {labels!r:.80}; expected a list of names")
    kept = [one for one in labels if not (isinstance(one, str) and one.strip() in NONE[1:])]
    return list(dict.fromkeys(named_class(plain_number(one), names) for one in kept))
