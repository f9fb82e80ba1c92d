"""The intervals of the test scores, in words.

They contain names from plugins as they are. The module for each format escapes them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adaptkit.report import formatting
from adaptkit.study.record import StudySummary

INTERVAL = "95% interval"
OVER_TEST = f"{INTERVAL} over the test rows"
OVER_ROWS = f"{INTERVAL} over these rows"


def span(name: str, ends: tuple[float, float] | None) -> str:
    """ "0.6101 to 0.6899"; a dash if the number has no interval."""
    if ends is None:
        return formatting.NONE
    low, high = (formatting.figure(name, end) for end in ends)
    return f"{low} to {high}"


def absent(reason: str) -> str:
    """ "no 95% interval, as there are fewer than 10 rows"."""
    return f"no {INTERVAL}, as {reason}"


def on_test(summary: StudySummary, name: str) -> str:
    """ "95% interval over the test rows: 0.6101 to 0.6899", or why there is none; empty if unknown."""
    if (ends := summary.test_intervals.get(name)) is not None:
        return f"{OVER_TEST}: {span(name, ends)}"
    reason = summary.test_no_interval.get(name)
    return absent(reason) if reason else ""


def sentence(summary: StudySummary, names: Sequence[str], shown: Callable[[str], str] = str) -> str:
    """The intervals of these numbers in one sentence, or why the first has none; empty if that is unknown.

    Args:
        summary: the study.
        names: the numbers that are shown with it.
        shown: how a name is written.
    """
    known = {name: ends for name in names if (ends := summary.test_intervals.get(name))}
    if not known or len(names) == 1:
        words = on_test(summary, names[0]) if names else ""
        return f"{words[:1].upper()}{words[1:]}." if words else ""
    parts = (f"{shown(name)} {span(name, ends)}" for name, ends in known.items())
    return f"{OVER_TEST}: {', '.join(parts)}."
