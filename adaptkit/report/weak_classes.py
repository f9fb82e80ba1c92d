"""The classes or entity types with the lowest scores on the test rows, and those that are hardly ever found.

The sentences contain names from data as they are. The module for each format escapes them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from adaptkit.report import facts, formatting
from adaptkit.study.record import StudySummary, TrialRecord

HARDLY_FOUND = 0.1
"""The recall on the test rows up to which a class counts as hardly ever found."""

MOST_NAMED = 5
HIGHER_IS_BETTER = ("f1", "accuracy")


@dataclass(frozen=True, kw_only=True)
class LowScore:
    """One of the lowest test scores of the classes."""

    name: str
    measure: str
    score: float
    support: float | None
    """The cases of this class in the test rows; None if unknown."""


def hardly_found(summary: StudySummary) -> dict[str, tuple[int, int]]:
    """The classes that the winner hardly ever finds on test → (cases found, cases); most cases first."""
    cases = {
        name: (round(group["recall"] * group["support"]), round(group["support"]))
        for name, group in summary.test_groups.items()
        if group.get("recall", 1.0) <= HARDLY_FOUND and group.get("support", 0) > 0
    }
    return dict(sorted(cases.items(), key=lambda item: (-item[1][1], item[0])))


def hardly_found_in_words(summary: StudySummary) -> str:
    """The same in a sentence; empty if there are no such classes."""
    cases = hardly_found(summary)
    if not cases:
        return ""
    tested = sum(group.get("support", 0) > 0 for group in summary.test_groups.values())
    kinds = formatting.plural(summary.groups_title) if tested > 1 else summary.groups_title
    shown = ", ".join(
        f"{name!r} ({found:,} of {formatting.count(of)})"
        for name, (found, of) in list(cases.items())[:MOST_NAMED]
    )
    more = f" and {len(cases) - MOST_NAMED:,} more" if len(cases) > MOST_NAMED else ""
    return (
        f"On test, the winner finds at most a tenth of the cases of {len(cases):,} of {tested:,} {kinds}: "
        f"{shown}{more}."
    )


def lowest_on_test(summary: StudySummary, best: TrialRecord | None) -> list[LowScore]:
    """The classes with the lowest test scores, the lowest first; none if the scores are no scores."""
    table = facts.group_table(summary, best)
    if table is None or not _higher_is_better(summary, table.leading):
        return []
    tested = [
        LowScore(name=group.name, measure=table.leading, score=score, support=facts.support_on_test(group))
        for group in table.groups
        if math.isfinite(score := group.test.get(table.leading, math.nan))
    ]
    occurring = [one for one in tested if one.support != 0]
    return sorted(occurring, key=lambda one: (one.score, -(one.support or 0), one.name))[:MOST_NAMED]


def lowest_in_words(summary: StudySummary, best: TrialRecord | None, *, most: int) -> str:
    """The same in a sentence; empty if the table of classes, which has ``most`` rows at most, shows all."""
    lowest, table = lowest_on_test(summary, best), facts.group_table(summary, best)
    if table is None or len(table.groups) <= most or not lowest:
        return ""
    named = (
        f"{one.name!r} {formatting.score(one.score)}"
        + ("" if one.support is None else f" (support {formatting.count(round(one.support))})")
        for one in lowest
    )
    return f"The lowest {lowest[0].measure} on test: {', '.join(named)}."


def _higher_is_better(summary: StudySummary, measure: str) -> bool:
    return measure in HIGHER_IS_BETTER or (measure == summary.metric and summary.direction == "maximize")
