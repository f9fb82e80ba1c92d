"""Finds in all rows of a source how its tags are written, and prepares the rows accordingly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from adaptkit import Reading
from adaptkit_ner.overlaps import Overlaps
from adaptkit_ner.rows import prepare
from adaptkit_ner.schemes import Spelling, scheme_of, spelling_of, usual_tags
from adaptkit_ner.words import given_tags

if TYPE_CHECKING:
    from adaptkit import Row


def survey(rows: Sequence[Row], *, tag_names: Sequence[str] | None, overlaps: Overlaps) -> Reading:
    """How the rows of a source are prepared: by the spelling of their tags, and by the option `overlaps`."""
    spelling = spelling_of(tag for tags in _tags(rows, tag_names) for tag in tags)
    kept_apart: Counter[str] = Counter()
    return Reading(
        prepare=partial(
            prepare, spelling=spelling, tag_names=tag_names, overlaps=overlaps, kept_apart=kept_apart
        ),
        notes=lambda: [*_scheme(rows, tag_names, spelling), *_overlapping(kept_apart, overlaps)],
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


def _scheme(rows: Sequence[Row], tag_names: Sequence[str] | None, spelling: Spelling) -> list[str]:
    sentences = []
    for tags in _tags(rows, tag_names):
        try:
            sentences.append(usual_tags(tags, spelling))
        except ValueError:
            continue
    name = scheme_of(sentences)
    written = f", written as in {spelling.form}" if spelling.form else ""
    return [f"tags are {name}{written}"] if name else []


def _overlapping(kept_apart: Counter[str], overlaps: Overlaps) -> list[str]:
    entities, rows = kept_apart["entities"], kept_apart["rows"]
    if not entities:
        return []
    what = "entity that overlaps" if entities == 1 else "entities that overlap"
    where = "1 row" if rows == 1 else f"{rows:,} rows"
    return [f"{entities:,} {what} others in {where} left out (overlaps={overlaps})"]
