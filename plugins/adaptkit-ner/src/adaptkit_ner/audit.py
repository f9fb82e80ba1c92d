"""Looks for entities that begin or end inside a word: their offsets probably count something else."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from adaptkit import DataWarning, cuts_word
from adaptkit_ner.tags import entities_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from adaptkit import Row


class Marked(NamedTuple):
    """An entity in characters of its text."""

    row: int
    text: str
    start: int
    end: int


def audit(rows: Sequence[Row]) -> list[DataWarning]:
    """A warning if entities of rows with a text begin or end inside a word, and what offsets may count."""
    marked = list(_marked(rows))
    cut = [one for one in marked if _is_cut(one.text, one.start, one.end)]
    if not cut:
        return []
    begin = "begins or ends" if len(cut) == 1 else "begin or end"
    return [
        DataWarning(
            problem=f"{len(cut):,} of {len(marked):,} entities {begin} inside a word",
            row=cut[0].row,
            quoted=cut[0].text[cut[0].start : cut[0].end],
            next_step="Offsets count characters from 0, and the end is the character after the entity: "
            f"correct them, unless parts of words are meant.{_likely_reading(cut)}",
        )
    ]


def _marked(rows: Sequence[Row]) -> Iterator[Marked]:
    for position, row in enumerate(rows):
        if "spans" in row and "tags" in row:
            for _, first, last in entities_of(row["tags"]):
                yield Marked(position, row["text"], row["spans"][first][0], row["spans"][last - 1][1])


def _is_cut(text: str, start: int, end: int) -> bool:
    return cuts_word(text, start) or cuts_word(text, end)


def _likely_reading(cut: Sequence[Marked]) -> str:
    """The other meaning of offsets with which most of these entities would be complete words."""
    wrong = {name: sum(not _fits(read, one) for one in cut) for name, read in READINGS.items()}
    name = min(wrong, key=lambda one: wrong[one])
    if wrong[name] > len(cut) / 2:
        return ""
    return f" {len(cut) - wrong[name]:,} of them would be complete words {name}"


def _fits(read: Callable[[str, int, int], tuple[int, int]], one: Marked) -> bool:
    """Whether the entity, read that way, is complete words. Spaces at its edges are no longer in the row."""
    text, starts, ends = one.text, [one.start], [one.end]
    if text[one.start - 1 : one.start].isspace():
        starts.append(one.start - 1)
    if text[one.end : one.end + 1].isspace():
        ends.append(one.end + 1)
    return any(_is_complete(text, *read(text, start, end)) for start in starts for end in ends)


def _is_complete(text: str, start: int, end: int) -> bool:
    inner = text[max(start, 0) : end]
    return start >= 0 and bool(inner) and inner == inner.strip() and not _is_cut(text, start, end)


def _before(text: str, encoding: str, units: Iterable[int]) -> tuple[int, ...]:
    """The number of characters in the first units of an encoded text."""
    encoded = text.encode(encoding, "surrogatepass")
    return tuple(len(encoded[:count].decode(encoding, "ignore")) for count in units)


def _utf_16(text: str, start: int, end: int) -> tuple[int, int]:
    first, last = _before(text, "utf-16-le", (2 * start, 2 * end))
    return first, last


def _utf_8(text: str, start: int, end: int) -> tuple[int, int]:
    first, last = _before(text, "utf-8", (start, end))
    return first, last


READINGS: Mapping[str, Callable[[str, int, int], tuple[int, int]]] = {
    "if offsets counted UTF-16 code units, as JavaScript, Java and C# do": _utf_16,
    "if offsets counted bytes of UTF-8": _utf_8,
    "if the end were the last character of the entity": lambda text, start, end: (start, end + 1),
    "if offsets counted from 1": lambda text, start, end: (start - 1, end - 1),
}
"""Other meanings of offsets, and the characters that they would mark."""
