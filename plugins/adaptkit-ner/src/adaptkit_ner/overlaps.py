"""What is done with entities that overlap: a word can be in one entity only."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Mark

Overlaps = Literal["refuse", "outermost", "first"]


def without_overlaps(entities: Sequence[Mark], overlaps: Overlaps) -> list[Mark]:
    """The entities in the order of the text, none of which overlaps another.

    Args:
        entities: the entities, in the order in which they were marked.
        overlaps: which of two overlapping entities is kept: the "outermost", which is the longer one, or the
            "first" that was marked.

    Raises:
        ValueError: two entities overlap, and overlaps are refused.
    """
    if overlaps == "refuse":
        ordered = sorted(entities, key=lambda entity: entity.start)
        _refuse(ordered)
        return ordered
    ranked = list(entities)
    if overlaps == "outermost":
        ranked.sort(key=lambda entity: (entity.start - entity.end, entity.start))
    kept: list[Mark] = []
    for entity in ranked:
        if all(entity.end <= other.start or other.end <= entity.start for other in kept):
            kept.append(entity)
    return sorted(kept, key=lambda entity: entity.start)


def _refuse(ordered: Sequence[Mark]) -> None:
    for one, following in pairwise(ordered):
        if following.start < one.end:
            raise ValueError(
                f"entities overlap: {one.label} at {one.start}-{one.end} and "
                f"{following.label} at {following.start}-{following.end}; "
                "expected each word in at most one entity (--option overlaps=outermost keeps the longer one, "
                "--option overlaps=first the one that was marked first)"
            )
