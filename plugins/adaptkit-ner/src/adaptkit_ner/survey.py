"""Finds in all rows of a source how its tags are written, and prepares the rows accordingly."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from adaptkit import Reading
from adaptkit_ner.misplaced import misplaced_tags
from adaptkit_ner.overlaps import Overlaps
from adaptkit_ner.rows import prepare
from adaptkit_ner.rules import counted_pairs, rules_of
from adaptkit_ner.schemes import spelling_of, usual_tag
from adaptkit_ner.words import given_tags

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adaptkit import Row
    from adaptkit_ner.rules import Pair, Rules
    from adaptkit_ner.schemes import Spelling


def survey(rows: Sequence[Row], *, tag_names: Sequence[str] | None, overlaps: Overlaps) -> Reading:
    """How the rows of a source are prepared: by the spelling of their tags, and by the option `overlaps`."""
    pairs = counted_pairs(tags for _, tags in _tags(rows, tag_names))
    spelling = spelling_of(tag for _, tag in pairs if tag is not None)
    rules = rules_of(usual := _usual_pairs(pairs, spelling))
    wrong = {pair for pair in usual if not rules.allows(pair)}
    kept_apart: Counter[str] = Counter()
    return Reading(
        prepare=partial(
            prepare, spelling=spelling, tag_names=tag_names, overlaps=overlaps, kept_apart=kept_apart
        ),
        notes=lambda: [*_scheme(rules, spelling), *_overlapping(kept_apart, overlaps)],
        warnings=misplaced_tags(_usual(rows, tag_names, spelling), rules, wrong) if wrong else (),
    )


def _tags(rows: Sequence[Row], tag_names: Sequence[str] | None) -> Iterator[tuple[int, list[str]]]:
    """The place of each row that has readable tags, and these tags."""
    for place, row in enumerate(rows):
        try:
            tags = given_tags(row, tag_names)
        except ValueError:
            continue
        if tags is not None:
            yield place, tags


def _usual_pairs(pairs: Mapping[Pair, int], spelling: Spelling) -> Counter[Pair]:
    """The pairs in the usual form, apart from those with a tag that cannot be read."""
    usual: Counter[Pair] = Counter()
    for pair, number in pairs.items():
        with suppress(ValueError):
            before, here = (None if tag is None else usual_tag(tag, spelling) for tag in pair)
            usual[before, here] += number
    return usual


def _usual(
    rows: Sequence[Row], tag_names: Sequence[str] | None, spelling: Spelling
) -> Iterator[tuple[int, list[str]]]:
    """The place of each row whose tags can be read, and its tags in the usual form."""
    for place, tags in _tags(rows, tag_names):
        with suppress(ValueError):
            yield place, [usual_tag(tag, spelling) for tag in tags]


def _scheme(rules: Rules, spelling: Spelling) -> list[str]:
    written = f", written as in {spelling.form}" if spelling.form else ""
    return [f"tags are {rules.name}{written}"] if rules.name else []


def _overlapping(kept_apart: Counter[str], overlaps: Overlaps) -> list[str]:
    entities, rows = kept_apart["entities"], kept_apart["rows"]
    if not entities:
        return []
    what = "entity that overlaps" if entities == 1 else "entities that overlap"
    where = "1 row" if rows == 1 else f"{rows:,} rows"
    return [f"{entities:,} {what} others, in {where}, left out (overlaps={overlaps})"]
