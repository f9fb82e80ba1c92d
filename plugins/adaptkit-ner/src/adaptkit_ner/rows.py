"""Converts rows of entity recognition to a standard form, and predictions to entities in the text.

The standard form is ``{"tokens", "tags"}`` with BIO tags, and ``"text"`` and ``"spans"`` (the characters of
each word) if the text is known.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from adaptkit import Mark, contradiction, marks_of
from adaptkit_ner.overlaps import Overlaps, without_overlaps
from adaptkit_ner.schemes import USUAL, Spelling, usual_tags
from adaptkit_ner.tags import Entity, canonical, entities_of, to_bio
from adaptkit_ner.words import given_tags, given_tokens

if TYPE_CHECKING:
    from adaptkit import Row

Span = tuple[int, int]

OTHER_NAMES = "the option spans=false takes tags of any name, such as parts of speech, which are no entities"
NUMBERS = "if the tags are numbers, name them with --option tag_names=O,B-PER,I-PER,..."
"""What helps against a tag that cannot be read."""

# Chinese and Japanese have no spaces between words, so each of their characters is one word.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs and joiners do not match \w in Python, but are part of the word.
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u200c\u200d"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}])+|\S")


def prepare(
    row: Row,
    *,
    spelling: Spelling = USUAL,
    tag_names: Sequence[str] | None = None,
    overlaps: Overlaps = "refuse",
    kept_apart: Counter[str] | None = None,
) -> Row:
    """A row with ``tokens`` and ``tags``, or with ``text`` and ``entities``, in the standard form.

    ``entities`` is a list of ``{"start", "end", "label"}`` or ``[start, end, label]`` with character offsets
    in the text. A row to be predicted has neither tags nor entities.

    Args:
        row: the row.
        spelling: how its tags are written.
        tag_names: the names of tags that are numbers.
        overlaps: what is done with entities that overlap.
        kept_apart: counts the entities that are left out because they overlap, and their rows.

    Raises:
        ValueError: says what is wrong with the row.
    """
    tags = given_tags(row, tag_names)
    if tags is not None or (row.get("entities") is None and given_tokens(row) is not None):
        return _from_tokens(row, tags, spelling)
    text, entities = row.get("text"), row.get("entities")
    if not isinstance(text, str):
        raise ValueError(f"text = {text!r:.80}; expected a string (or tokens and tags)")
    if entities is None:
        return _from_text(text, None)
    marked = _marked(entities, text)
    kept = without_overlaps(marked, overlaps)
    if kept_apart is not None and len(kept) < len(marked):
        kept_apart.update(entities=len(marked) - len(kept), rows=1)
    return _from_text(text, kept)


def parse(text: str) -> Row:
    """A row to be predicted, from raw text."""
    return prepare({"text": text})


def present(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The text and its entities, each with its characters and the mean probability of its words' tags.

    If the row has no text, the words are joined with spaces, and each entity also has its word positions.
    """
    text, spans = located(row)
    found = [
        _presented(entity, text, spans, prediction["probabilities"])
        for entity in entities_of(prediction["tags"])
    ]
    if "spans" in row:
        return {"text": text, "entities": found}
    words = [{"start_word": one.start, "end_word": one.end} for one in entities_of(prediction["tags"])]
    return {"text": text, "entities": [shown | where for shown, where in zip(found, words, strict=True)]}


def located(row: Row) -> tuple[str, Sequence[Span]]:
    """The text of a row and the characters of each word; without a text, the words joined with spaces."""
    if row.get("text") is None or row.get("spans") is None:
        return _joined(row["tokens"])
    return row["text"], row["spans"]


def _presented(
    entity: Entity, text: str, spans: Sequence[Span], probabilities: Sequence[float]
) -> dict[str, Any]:
    start, end = spans[entity.start][0], spans[entity.end - 1][1]
    score = fmean(probabilities[entity.start : entity.end])
    return {"text": text[start:end], "label": entity.label, "start": start, "end": end, "score": score}


def _joined(tokens: Sequence[str]) -> tuple[str, list[Span]]:
    spans, start = [], 0
    for token in tokens:
        spans.append((start, start + len(token)))
        start += len(token) + 1
    return " ".join(tokens), spans


def _from_tokens(row: Row, tags: Sequence[str] | None, spelling: Spelling) -> Row:
    tokens = given_tokens(row)
    if tokens is None:
        raise ValueError("tokens = None; expected a list of strings")
    if not tokens:
        raise ValueError("tokens is empty; expected at least one word")
    prepared: dict[str, Any] = {"tokens": tokens}
    if tags is not None:
        prepared["tags"] = _bio(tokens, matching(tags, tokens), spelling)
    if isinstance(row.get("text"), str) and (spans := _found(tokens, row["text"])):
        prepared |= {"text": row["text"], "spans": spans}
    return prepared


def matching(tags: Sequence[str], tokens: Sequence[str]) -> Sequence[str]:
    """The tags; raises ValueError unless there is one for each token."""
    if len(tokens) != len(tags):
        raise ValueError(f"{len(tokens)} tokens but {len(tags)} tags; expected a tag for each token")
    return tags


def _bio(tokens: Sequence[str], tags: Sequence[str], spelling: Spelling) -> list[str]:
    for position, (token, tag) in enumerate(zip(tokens, tags, strict=True), start=1):
        try:
            spelling.read(tag)
        except ValueError as error:
            hint = NUMBERS if tag.isdecimal() else OTHER_NAMES
            raise ValueError(f"token {position} ({token!r:.40}): {error} ({hint})") from None
    return canonical(usual_tags(tags, spelling))


def _found(tokens: Sequence[str], text: str) -> list[Span] | None:
    """The characters of each token in the text; None if the text does not contain them in this order."""
    spans, position = [], 0
    for token in tokens:
        start = text.find(token, position)
        if start < 0:
            return None
        position = start + len(token)
        spans.append((start, position))
    return spans


def _from_text(text: str, entities: Sequence[Entity] | None) -> Row:
    """The row of a text, and of its entities if it is labelled."""
    spans = _words(text, cuts=sorted({edge for one in entities or () for edge in (one.start, one.end)}))
    if not spans:
        raise ValueError(f"text {text!r:.40} contains no word; expected at least one")
    prepared: dict[str, Any] = {
        "tokens": [text[start:end] for start, end in spans],
        "text": text,
        "spans": spans,
    }
    if entities is not None:
        prepared["tags"] = to_bio((_in_words(one, spans, text) for one in entities), len(spans))
    return prepared


def _words(text: str, cuts: Sequence[int]) -> list[Span]:
    """The words and single punctuation marks of a text, also split at the cuts."""
    spans: list[Span] = []
    for match in _WORD.finditer(text):
        start, end = match.span()
        inner = cuts[bisect_right(cuts, start) : bisect_left(cuts, end)]
        spans.extend(pairwise((start, *inner, end)))
    return spans


def _marked(entities: object, text: str) -> list[Entity]:
    """The entities in characters, in their order."""
    return [_entity(mark, text) for mark in marks_of(entities)]


def _entity(mark: Mark, text: str) -> Entity:
    """The entity; raises ValueError if its offsets are not in the text, or its own text is not at them."""
    problem = contradiction(mark, text)
    if not 0 <= mark.start < mark.end <= len(text):
        raise ValueError(
            f"entity {mark.label!r:.40} at {mark.start}-{mark.end} of a text of {len(text)} characters; "
            f"expected 0 <= start < end <= the text's length{f' ({problem})' if problem else ''}"
        )
    if problem:
        raise ValueError(f"entity {problem}")
    return Entity(mark.label, mark.start, mark.end)


def _in_words(entity: Entity, spans: Sequence[Span], text: str) -> Entity:
    """The entity in words instead of characters; every word is completely inside or outside it."""
    start = bisect_left(spans, (entity.start, 0))
    end = bisect_left(spans, (entity.end, 0))
    if start == end:
        raise ValueError(
            f"entity {entity.label!r:.40} at {entity.start}-{entity.end} contains no word: "
            f"{text[entity.start : entity.end]!r:.40}; expected at least one"
        )
    return Entity(entity.label, start, end)
