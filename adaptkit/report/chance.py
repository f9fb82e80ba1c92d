"""Warnings about a winner that is no better than chance: at a class, or in a correlation."""

from __future__ import annotations

import math

from adaptkit.report import formatting
from adaptkit.report.comparison import on_split
from adaptkit.study.record import StudySummary, TrialRecord

MOST_NAMED = 5

OF_ROWS = ("class", "label")
"""The titles of groups whose support counts rows."""

CORRELATIONS = ("pearson", "spearman")

BY_CHANCE = 2.0
"""A correlation of unrelated numbers has a standard deviation of about 1/√rows; 5% are more than two away."""


def chance_warnings(summary: StudySummary, best: TrialRecord) -> list[str]:
    """What the winner does not predict better than somebody who guesses; nothing if the rows are unknown."""
    scored = summary.data.get("train" if summary.folds else "dev")
    if scored is None or not scored.rows:
        return []
    return [*_classes(summary, best, scored.rows), *_correlation(summary, best, scored.rows)]


def _classes(summary: StudySummary, best: TrialRecord, rows: int) -> list[str]:
    """The classes that are as frequent, or more so, among all rows as among those predicted to have them."""
    if summary.groups_title not in OF_ROWS:
        return []
    shares = {
        name: (group["precision"], group["support"] / rows)
        for name, group in best.groups.items()
        if {"precision", "recall", "support"} <= group.keys() and group["recall"] > 0
    }
    guessed = {name: both for name, both in shares.items() if both[0] <= both[1] < 1}
    if not guessed:
        return []
    percent = formatting.share
    named = [
        f"{name!r} ({percent(right)} of its predictions right, {percent(share)} of all rows)"
        for name, (right, share) in list(guessed.items())[:MOST_NAMED]
    ]
    more = f" and {len(guessed) - MOST_NAMED:,} more" if len(guessed) > MOST_NAMED else ""
    kinds = formatting.plural(summary.groups_title)
    return [
        f"The winner predicts {len(guessed):,} of {len(best.groups):,} {kinds} no better than chance "
        f"{on_split(summary)}: {', '.join(named)}{more}. Check that texts and labels belong together, in the "
        "training rows and in these."
    ]


def _correlation(summary: StudySummary, best: TrialRecord, rows: int) -> list[str]:
    if summary.metric not in CORRELATIONS or best.score is None or best.score > BY_CHANCE / math.sqrt(rows):
        return []
    return [
        f"The winner's correlation of {formatting.score(best.score)} {on_split(summary)} is no better than "
        f"chance on {rows:,} rows. Check that texts and scores belong together, in the training rows and in "
        "these."
    ]
