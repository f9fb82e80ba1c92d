"""Finds labels that are probably no classes, but missing values that a program wrote as text."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from adaptkit.data.labels import names_in
from adaptkit.data.rows import counted, shortened

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.task import Task

MISSING_AS_TEXT = frozenset(
    {"nan", "NaN", "-nan", "-NaN", "NA", "N/A", "n/a", "#N/A", "#NA", "<NA>", "null", "NULL", "None", "NaT"}
)
"""The texts that pandas writes, and reads, for a missing value. In other cases they are words: "none"."""


def missing_label_warnings(task: Task, split: str, rows: Rows) -> list[str]:
    """A warning if labels of the rows may be missing values. It is no error: a class may be called None."""
    counts: Counter[str] = Counter()
    first: int | None = None
    having = 0
    for position, names in enumerate(names_in(task, rows)):
        found = names & MISSING_AS_TEXT
        if found:
            counts.update(found)
            having += 1
            first = position if first is None else first
    if first is None:
        return []
    ordered = sorted(counts, key=lambda name: (-counts[name], name))
    shown = ", ".join(f"{shortened(name)} ({counts[name]:,})" for name in ordered)
    have = "has" if having == 1 else "have"
    return [
        f"{split}: {counted(having, 'row')} {have} a label that may be a missing value written as "
        f"text: {shown}; the first: {rows.origins[first]}. If so, remove these rows or fill the labels in, "
        "with pandas by dropna or fillna before the labels become text. If not, each is a class of its own."
    ]
