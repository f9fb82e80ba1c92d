"""Warns of tags that their scheme does not allow, at all or in this order, and says how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit import DataWarning
from adaptkit_ner.rules import BOTH_READ, pairs_of
from adaptkit_ner.tags import entities_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adaptkit_ner.rules import Pair, Rules

TAGS_NAMED = 3


def misplaced_tags(
    sentences: Iterable[tuple[int, Sequence[str]]], rules: Rules, wrong: set[Pair]
) -> list[DataWarning]:
    """A warning with the places of the tags, if there are any, and the entities that all tags give.

    Args:
        sentences: the place of each row and its tags in the usual form.
        rules: the scheme of all tags.
        wrong: the pairs of tags that it does not allow.
    """
    found: dict[int, list[Pair]] = {}
    entities = 0
    for row, tags in sentences:
        entities += len(entities_of(tags))
        if pairs := [pair for pair in pairs_of(tags) if pair in wrong]:
            found[row] = pairs
    if not found:
        return []
    first, pairs = next(iter(found.items()))
    others = sorted({here for _, here in wrong if here is not None and not rules.has(here)})
    ordered = any(rules.has(here) for _, here in wrong)
    places = _counted(sum(map(len, found.values())), "place", "places")
    reading = BOTH_READ if others else rules.reading
    return [
        DataWarning(
            problem=f"the tags are {rules.name}, but {rules.name} does not allow {_what(others, ordered)} at "
            f"{places} in {_counted(len(found), 'row', 'rows')}",
            row=first,
            quoted=" ".join(tag for tag in pairs[0] if tag is not None),
            next_step=f"All tags are read as {_counted(entities, 'entity', 'entities')}: {reading}. "
            "Correct the tags if other entities are meant",
        )
    ]


def _what(others: Sequence[str], ordered: bool) -> str:
    """What is not allowed: tags of other schemes, or the order of the tags, or both."""
    if not others:
        return "their order"
    named = ", ".join(others[:TAGS_NAMED])
    more = len(others) - TAGS_NAMED
    return f"{named}{f' and {more:,} more' if more > 0 else ''}{', nor their order,' if ordered else ''}"


def _counted(number: int, one: str, several: str) -> str:
    return f"{number:,} {one if number == 1 else several}"
