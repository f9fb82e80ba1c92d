"""The words of a text and their characters, for tasks on words. For plugin authors."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from adaptkit.tasks.marks import Mark, contradiction, marks_of

if TYPE_CHECKING:
    from adaptkit.task import Row

Span = tuple[int, int]
"""The first character of a word, and the character after its last one."""

# Chinese and Japanese have no spaces between words, so each of their characters is one word.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs and joiners do not match \w in Python, but are part of the word.
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u200c\u200d"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}])+|\S")


def split_words(text: str, marks: Sequence[Mark] = ()) -> dict[str, Any]:
    """A text as the columns ``text``, ``tokens`` and ``spans`` (the characters of each token) of a row.

    Tokens are words and single punctuation marks. They are split where a mark begins or ends.

    Raises:
        ValueError: the text contains no word.
    """
    spans = _words(text, cuts=sorted({edge for one in marks for edge in (one.start, one.end)}))
    if not spans:
        raise ValueError(f"text {text!r:.40} contains no word; expected at least one")
    return {"tokens": [text[start:end] for start, end in spans], "text": text, "spans": spans}


def located_words(row: Row) -> tuple[str, Sequence[Span]]:
    """The text of a row and the characters of each of its ``tokens``.

    Without a ``text`` and ``spans``, the text is the tokens with spaces between them.
    """
    if row.get("text") is not None and row.get("spans") is not None:
        return row["text"], row["spans"]
    spans, start = [], 0
    for token in row["tokens"]:
        spans.append((start, start + len(token)))
        start += len(token) + 1
    return " ".join(row["tokens"]), spans


def found_words(tokens: Sequence[str], text: str) -> list[Span] | None:
    """The characters of each token in the text; None if the text does not contain them in this order."""
    spans, position = [], 0
    for token in tokens:
        start = text.find(token, position)
        if start < 0:
            return None
        position = start + len(token)
        spans.append((start, position))
    return spans


def marks_in(entities: object, text: str) -> list[Mark]:
    """The marked spans of a text, in their order, as `marks_of` reads them.

    Raises:
        ValueError: the offsets of one are not in the text, or its own text is not at them.
    """
    return [_inside(mark, text) for mark in marks_of(entities)]


def words_of_mark(mark: Mark, spans: Sequence[Span], text: str) -> Span:
    """The first word of a mark, and the word after its last one; `split_words` made the ``spans``.

    Raises:
        ValueError: it contains no word.
    """
    start, end = bisect_left(spans, (mark.start, 0)), bisect_left(spans, (mark.end, 0))
    if start == end:
        raise ValueError(
            f"entity {mark.label!r:.40} at {mark.start}-{mark.end} contains no word: "
            f"{text[mark.start : mark.end]!r:.40}; expected at least one"
        )
    return start, end


def _inside(mark: Mark, text: str) -> Mark:
    problem = contradiction(mark, text)
    if not 0 <= mark.start < mark.end <= len(text):
        raise ValueError(
            f"entity {mark.label!r:.40} at {mark.start}-{mark.end} of a text of {len(text)} characters; "
            f"expected 0 <= start < end <= the text's length{f' ({problem})' if problem else ''}"
        )
    if problem:
        raise ValueError(f"entity {problem}")
    return mark


def _words(text: str, cuts: Sequence[int]) -> list[Span]:
    """The words and single punctuation marks of a text, also split at the cuts."""
    spans: list[Span] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        inner = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        spans.extend(pairwise((start, *inner, end)))
    return spans
