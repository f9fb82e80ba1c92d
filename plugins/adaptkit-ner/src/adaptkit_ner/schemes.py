"""Finds how the tags of a data set are written: how prefix and type are put together.

The tags of one row do not show it: ``PER`` alone may be a type without prefix (IO), or an error. The tags of
all rows do.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from adaptkit_ner.tags import PREFIXES, read_tag

Reader = Callable[[str], tuple[str, str]]
"""A function that gives the prefix and the type of a tag, as `read_tag` does, or raises ValueError."""

NOTHING = ("O", "o")


@dataclass(frozen=True)
class Spelling:
    """How prefix and type are put together."""

    form: str
    """An example, for messages; empty for the usual form."""

    read: Reader


def _reader(pattern: str) -> Reader:
    """The reader of tags that match a pattern with a prefix and a label."""
    spelled = re.compile(pattern, re.DOTALL)

    def read(tag: str) -> tuple[str, str]:
        if tag in NOTHING:
            return "O", ""
        found = spelled.fullmatch(tag)
        if found is None or found["prefix"].upper() not in PREFIXES or not found["label"]:
            raise ValueError(f"tag {tag!r} is unknown; expected O, or a prefix and a type such as B-PER")
        return found["prefix"].upper(), found["label"]

    return read


def _plain(tag: str) -> tuple[str, str]:
    """A type without prefix; words of one type that follow each other are one entity."""
    if tag in NOTHING:
        return "O", ""
    if not tag.strip():
        raise ValueError(f"tag {tag!r} is unknown; expected O, or the name of a type")
    return "I", tag


USUAL = Spelling("", read_tag)
PLAIN = Spelling("PER", _plain)
OTHERS = (
    Spelling("b-PER", _reader(r"(?P<prefix>[^-]*)-(?P<label>.*)")),
    Spelling("B_PER", _reader(r"(?P<prefix>[^_]*)_(?P<label>.*)")),
    Spelling("PER-B", _reader(r"(?P<label>.*)-(?P<prefix>[^-]*)")),
    Spelling("PER_B", _reader(r"(?P<label>.*)_(?P<prefix>[^_]*)")),
)


def spelling_of(tags: Iterable[str]) -> Spelling:
    """The spelling in which all tags can be read; the usual one if there is none.

    Types without prefix are accepted only if no tag has a prefix, and the tag O occurs: parts of speech and
    other tags that are no entities have none.
    """
    every = set(tags)
    if all(_reads(USUAL, tag) for tag in every):
        return USUAL
    for spelling in OTHERS:
        if all(_reads(spelling, tag) for tag in every):
            return spelling
    some_prefix = any(
        _reads(spelling, tag) for spelling in (USUAL, *OTHERS) for tag in every if tag not in NOTHING
    )
    return PLAIN if every & set(NOTHING) and not some_prefix and all(map(str.strip, every)) else USUAL


def usual_tags(tags: Sequence[str], spelling: Spelling) -> list[str]:
    """The tags in the usual form, such as ``B-PER``; raises ValueError for a tag of another spelling."""
    return list(tags) if spelling is USUAL else [usual_tag(tag, spelling) for tag in tags]


def usual_tag(tag: str, spelling: Spelling) -> str:
    """One tag in the usual form; raises ValueError if it cannot be read."""
    prefix, label = spelling.read(tag)
    return "O" if prefix == "O" else f"{prefix}-{label}"


def _reads(spelling: Spelling, tag: str) -> bool:
    try:
        spelling.read(tag)
    except ValueError:
        return False
    return True
