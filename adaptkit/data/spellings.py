"""Finds labels that differ only in case, spaces or invisible characters, and so are probably one label."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from adaptkit.data.labels import names_in
from adaptkit.data.rows import counted, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task

MOST_LABELS = 5
MOST_SPELLINGS = 10
"""The most labels that a warning lists, and the most spellings of each."""

INVISIBLE = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
"""The Unicode categories of control and format characters and of spaces."""

FILLERS = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Characters of other categories that show nothing."""


def spelling_warnings(task: Task, split: str, rows: Rows) -> list[str]:
    """A warning if labels of the rows are probably spellings of one label, with each spelling's rows."""
    counts: Counter[str] = Counter()
    first: dict[str, int] = {}
    for position, names in enumerate(names_in(task, rows)):
        for name in names:
            counts[name] += 1
            first.setdefault(name, position)
    found = several_spellings(counts)
    if not found:
        return []
    # A label's most frequent spelling is probably the one that is meant.
    ways = [sorted(names, key=lambda name: (-counts[name], first[name])) for names in found]
    place = min(first[name] for names in ways for name in names[1:])
    written = sum(map(len, ways))
    shown = "; ".join(_listed(names, counts) for names in ways[:MOST_LABELS])
    more = f"; and {counted(len(ways) - MOST_LABELS, 'more label')}" if len(ways) > MOST_LABELS else ""
    these = "1 label is" if len(ways) == 1 else f"{len(ways):,} labels are"
    return [
        f"{split}: {these} written in {written:,} ways that differ only in case, spaces or invisible "
        f"characters, and so count as {written:,} labels: {shown}{more}; the first: {rows.origins[place]}. "
        "Write each label in one way."
    ]


def several_spellings(names: Iterable[str]) -> list[Sequence[str]]:
    """The names that look alike (see `look_of`), group by group."""
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[look_of(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def look_of(name: str) -> str:
    """The name without case, spaces and invisible characters; unchanged if it has nothing else."""
    composed = unicodedata.normalize("NFC", name)
    shown = "".join(filter(_shows, composed))
    return unicodedata.normalize("NFC", shown.casefold()) or name


def _shows(character: str) -> bool:
    return not (
        unicodedata.category(character) in INVISIBLE
        or character in FILLERS
        or "\ufe00" <= character <= "\ufe0f"  # variation selectors
    )


def _listed(names: Sequence[str], counts: Counter[str]) -> str:
    shown = [f"{_quoted(name)} ({counts[name]:,})" for name in names[:MOST_SPELLINGS]]
    more = f" and {len(names) - MOST_SPELLINGS:,} more" if len(names) > MOST_SPELLINGS else ""
    return ", ".join(shown) + more


def _quoted(name: str) -> str:
    """The name in quotes, with characters that show nothing written as ``\\u200b``."""
    quoted = shortened(name)
    hidden = {one for one in quoted if one != " " and not _shows(one)}
    return "".join(one.encode("unicode_escape").decode("ascii") if one in hidden else one for one in quoted)
