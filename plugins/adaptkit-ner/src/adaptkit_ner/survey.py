"""Finds in all rows of a source how its tags are written, and prepares the rows accordingly."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

from adaptkit import Reading
from adaptkit_ner.overlaps import Overlaps
from adaptkit_ner.rows import prepare
from adaptkit_ner.schemes import Spelling, neighbours_of, scheme_of, spelling_of
from adaptkit_ner.words import given_tags

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from adaptkit import Row


def survey(rows: Sequence[Row], *, tag_names: Sequence[str] | None, overlaps: Overlaps) -> Reading:
    """How the rows of a source are prepared: by the spelling of their tags, and by the option `overlaps`."""
    neighbours = neighbours_of(_tags(rows, tag_names))
    spelling = spelling_of(tag for _, tag in neighbours)
    kept_apart: Counter[str] = Counter()
    return Reading(
        prepare=partial(
            prepare, spelling=spelling, tag_names=tag_names, overlaps=overlaps, kept_apart=kept_apart
        ),
        notes=lambda: [*_scheme(neighbours, spelling), *_overlapping(kept_apart, overlaps)],
    )


def _tags(rows: Sequence[Row], tag_names: Sequence[str] | None) -> Iterator[list[str]]:
    """The tags of each row that has readable ones."""
    for row in rows:
        try:
            tags = given_tags(row, tag_names)
        except ValueError:
            continue
        if tags is not None:
            yield tags


def _scheme(neighbours: Iterable[tuple[str | None, str]], spelling: Spelling) -> list[str]:
    name = scheme_of(neighbours, spelling)
    written = f", written as in {spelling.form}" if spelling.form else ""
    return [f"tags are {name}{written}"] if name else []


def _overlapping(kept_apart: Counter[str], overlaps: Overlaps) -> list[str]:
    entities, rows = kept_apart["entities"], kept_apart["rows"]
    if not entities:
        return []
    what = "entity that overlaps" if entities == 1 else "entities that overlap"
    where = "1 row" if rows == 1 else f"{rows:,} rows"
    return [f"{entities:,} {what} others in {where} left out (overlaps={overlaps})"]
