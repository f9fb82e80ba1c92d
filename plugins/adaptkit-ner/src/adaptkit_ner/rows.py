"""Converts rows of entity recognition to a standard form, and predictions to entities in the text.

The standard form is ``{"tokens", "tags"}`` with BIO tags, and ``"text"`` and ``"spans"`` (the characters of
each word) if the text is known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from adaptkit import found_words, located_words, marks_in, split_words, words_of_mark
from adaptkit_ner.overlaps import Overlaps, without_overlaps
from adaptkit_ner.schemes import USUAL, Spelling, usual_tags
from adaptkit_ner.tags import Entity, canonical, entities_of, to_bio
from adaptkit_ner.words import given_tags, given_tokens

if TYPE_CHECKING:
    from adaptkit import Mark, Row

Span = tuple[int, int]

OTHER_NAMES = "the option spans=false takes tags of any name, such as parts of speech, which are no entities"
NUMBERS = "if the tags are numbers, name them with --option tag_names=O,B-PER,I-PER,..."
"""What helps against a tag that cannot be read."""


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
    marked = marks_in(entities, text)
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
    text, spans = located_words(row)
    found = [
        _presented(entity, text, spans, prediction["probabilities"])
        for entity in entities_of(prediction["tags"])
    ]
    if "spans" in row:
        return {"text": text, "entities": found}
    words = [{"start_word": one.start, "end_word": one.end} for one in entities_of(prediction["tags"])]
    return {"text": text, "entities": [shown | where for shown, where in zip(found, words, strict=True)]}


def _presented(
    entity: Entity, text: str, spans: Sequence[Span], probabilities: Sequence[float]
) -> dict[str, Any]:
    start, end = spans[entity.start][0], spans[entity.end - 1][1]
    score = fmean(probabilities[entity.start : entity.end])
    return {"text": text[start:end], "label": entity.label, "start": start, "end": end, "score": score}


def _from_tokens(row: Row, tags: Sequence[str] | None, spelling: Spelling) -> Row:
    tokens = given_tokens(row)
    if tokens is None:
        raise ValueError("tokens = None; expected a list of strings")
    if not tokens:
        raise ValueError("tokens is empty; expected at least one word")
    prepared: dict[str, Any] = {"tokens": tokens}
    if tags is not None:
        prepared["tags"] = _bio(tokens, matching(tags, tokens), spelling)
    if isinstance(row.get("text"), str) and (spans := found_words(tokens, row["text"])):
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


def _from_text(text: str, entities: Sequence[Mark] | None) -> Row:
    """The row of a text, and of its entities if it is labelled."""
    prepared = split_words(text, entities or ())
    if entities is not None:
        spans = prepared["spans"]
        found = [Entity(one.label, *words_of_mark(one, spans, text)) for one in entities]
        prepared["tags"] = to_bio(found, len(spans))
    return prepared
