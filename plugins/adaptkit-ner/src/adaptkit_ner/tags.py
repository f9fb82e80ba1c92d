"""Converts tags to entities and back, for every common tag scheme.

One lenient rule covers all schemes, as in conlleval and seqeval's default: BIO (IOB2), IOB1, IOE, BIOES and
BILOU (also with M for the middle and W for a single word). B, S, U and W start an entity; E, L, S, U and W
end one. Any other tag continues an open entity of its type, or starts one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BEGINS = frozenset("BSUW")
ENDS = frozenset("ELSUW")
PREFIXES = BEGINS | ENDS | frozenset("IM")

UNNAMED_TYPE = "entity"
"""The type of entities whose tags are B or I without a type."""


class Entity(NamedTuple):
    """An entity: its type, its first word, and the word after its last word."""

    label: str
    start: int
    end: int


def read_tag(tag: str) -> tuple[str, str]:
    """The prefix of a tag and its entity type: ``("B", "PER")`` of ``B-PER``, ``("O", "")`` of ``O``.

    Raises ValueError if it is not a tag.
    """
    if tag == "O":
        return "O", ""
    prefix, dash, label = tag.partition("-")
    if prefix not in PREFIXES or (dash and not label):
        raise ValueError(f"tag {tag!r} is unknown; expected O, or a prefix and a type such as B-PER")
    return prefix, label or UNNAMED_TYPE


def entities_of(tags: Sequence[str]) -> list[Entity]:
    """The entities of one sentence, in order, from its tags; raises ValueError if one is not a tag."""
    entities: list[Entity] = []
    label, start = "", 0  # the open entity; an empty label means that none is open
    for position, tag in enumerate(tags):
        if tag == "O" and not label:
            continue
        prefix, tag_label = read_tag(tag)
        if label and (prefix in BEGINS or tag_label != label):
            entities.append(Entity(label, start, position))
            label = ""
        if tag_label and not label:
            label, start = tag_label, position
        if prefix in ENDS:
            entities.append(Entity(label, start, position + 1))
            label = ""
    if label:
        entities.append(Entity(label, start, len(tags)))
    return entities


def to_bio(entities: Iterable[Entity], length: int) -> list[str]:
    """The entities of a sentence of ``length`` words as BIO (IOB2) tags."""
    tags = ["O"] * length
    for label, start, end in entities:
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


def canonical(tags: Sequence[str]) -> list[str]:
    """The same entities as BIO tags; an I- that does not follow a tag of its type becomes a B-."""
    return to_bio(entities_of(tags), len(tags))


def entity_types(tags: Sequence[str]) -> set[str]:
    """The types of the entities in the tags."""
    return {entity.label for entity in entities_of(tags)}


def bio_names(types: Sequence[str]) -> tuple[str, ...]:
    """The names of the head's outputs: O, then B- and I- of each type."""
    return ("O", *(f"{prefix}-{label}" for label in types for prefix in "BI"))
