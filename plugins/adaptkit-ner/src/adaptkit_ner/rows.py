"""Converts rows of entity recognition to a standard form, and predictions to entities in the text.

The standard form is ``{"tokens", "tags"}`` with BIO tags, and ``"text"`` and ``"spans"`` (the characters of
each word) if the text is known.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import fmean
from typing import TYPE_CHECKING, Any

from adaptkit_ner.tags import Entity, canonical, entities_of, read_tag, to_bio

if TYPE_CHECKING:
    from adaptkit import Row

Span = tuple[int, int]

# Chinese and Japanese have no spaces between words, so each of their characters is one word.
_UNSPACED = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
# Vowel signs and joiners do not match \w in Python, but are part of the word.
_MARKS = r"\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0963\u0966-\u0dff\u0e31-\u0e4e\u200c\u200d"
_WORD = re.compile(rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[\w{_MARKS}])+|\S")


def prepare(row: Row) -> Row:
    """A row with ``tokens`` and ``tags``, or with ``text`` and ``entities``, in the standard form.

    ``entities`` is a list of ``{"start", "end", "label"}`` with character offsets in the text. A row to be
    predicted has neither tags nor entities. Raises ValueError that says what is wrong with the row.
    """
    if row.get("tags") is None and (row.get("entities") is not None or row.get("tokens") is None):
        return _from_text(row.get("text"), row.get("entities"))
    return _from_tokens(row)


def parse(text: str) -> Row:
    """A row to be predicted, from raw text."""
    return _from_text(text, None)


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


def _from_tokens(row: Row) -> Row:
    tokens = _strings(row.get("tokens"), "tokens")
    if not tokens:
        raise ValueError("tokens is empty; expected at least one word")
    prepared: dict[str, Any] = {"tokens": tokens}
    if row.get("tags") is not None:
        prepared["tags"] = _bio(tokens, tags_of(row["tags"], tokens))
    if isinstance(row.get("text"), str) and (spans := _found(tokens, row["text"])):
        prepared |= {"text": row["text"], "spans": spans}
    return prepared


def tags_of(value: object, tokens: Sequence[str]) -> list[str]:
    """The tags of the tokens; raises ValueError unless they are a list with a string for each token."""
    tags = _strings(value, "tags")
    if len(tokens) != len(tags):
        raise ValueError(f"{len(tokens)} tokens but {len(tags)} tags; expected a tag for each token")
    return tags


def _strings(value: object, column: str) -> list[str]:
    if not isinstance(value, (list, tuple)):
        raise ValueError(f"{column} = {value!r:.80}; expected a list of strings")
    for one in value:
        if not isinstance(one, str):
            raise ValueError(f"{column} holds {one!r:.80}; expected strings")
    return list(value)


def _bio(tokens: Sequence[str], tags: Sequence[str]) -> list[str]:
    for position, (token, tag) in enumerate(zip(tokens, tags, strict=True), start=1):
        try:
            read_tag(tag)
        except ValueError as error:
            raise ValueError(
                f"token {position} ({token!r:.40}): {error} (the option spans=false takes tags of any name)"
            ) from None
    return canonical(tags)


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


def _from_text(text: object, entities: object) -> Row:
    if not isinstance(text, str):
        raise ValueError(f"text = {text!r:.80}; expected a string (or tokens and tags)")
    marked = [] if entities is None else _marked(entities, text)
    spans = _words(text, cuts=sorted({edge for one in marked for edge in (one.start, one.end)}))
    if not spans:
        raise ValueError(f"text {text!r:.40} contains no word; expected at least one")
    prepared: dict[str, Any] = {
        "tokens": [text[start:end] for start, end in spans],
        "text": text,
        "spans": spans,
    }
    if entities is not None:
        prepared["tags"] = to_bio((_in_words(one, spans, text) for one in marked), len(spans))
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
    if not isinstance(entities, (list, tuple)):
        raise ValueError(f"entities = {entities!r:.80}; expected a list of {{start, end, label}}")
    marked = sorted((_entity(one, text) for one in entities), key=lambda entity: entity.start)
    for one, following in pairwise(marked):
        if following.start < one.end:
            raise ValueError(
                f"entities overlap: {one.label} at {one.start}-{one.end} and "
                f"{following.label} at {following.start}-{following.end}; "
                "expected each word in at most one entity"
            )
    return marked


def _entity(value: object, text: str) -> Entity:
    if not isinstance(value, Mapping) or not {"start", "end", "label"} <= set(value):
        raise ValueError(f"entity {value!r:.80}; expected {{start, end, label}}")
    start, end, label = value["start"], value["end"], value["label"]
    if type(start) is not int or type(end) is not int:
        raise ValueError(f"entity offsets {start!r:.40} and {end!r:.40}; expected integers")
    if not 0 <= start < end <= len(text):
        raise ValueError(
            f"entity {label!r:.40} at {start}-{end} of a text of {len(text)} characters; "
            "expected 0 <= start < end <= the text's length"
        )
    if not isinstance(label, str) or not label:
        raise ValueError(f"entity label {label!r:.40}; expected the name of a type")
    return Entity(label, start, end)


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
