"""The table of the configurations that were trained again with new seeds, and its numbers as text."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from adaptkit.report import formatting
from adaptkit.study.confirmation import Candidate, Confirmation

HEADS = ("trial", "runs", "mean", "± sd", "from default", "95% interval")
"""The heads of the table's columns: "sd" is the standard deviation of the runs' scores."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One configuration in the table."""

    candidate: Candidate
    cells: Sequence[str]
    """As `HEADS`."""

    winner: bool
    default: bool


def head(its: Confirmation) -> str:
    """What the confirmation is: "4 configurations, 5 runs of each with new seeds"."""
    if its.over == "rows":
        return f"{len(its.trials)} configurations, compared on resamples of the dev rows"
    return f"{len(its.trials)} configurations, {in_runs(its.runs)} of each with new seeds"


def rows(its: Confirmation) -> list[Row]:
    """The candidates, in their order: the best trials of the search first, the default last."""
    return [
        Row(
            candidate=one, cells=_cells(its, one), winner=one.trial == its.winner,
            default=one.trial == its.default,
        )
        for one in its.candidates
    ]  # fmt: skip


def legend(its: Confirmation, metric: str) -> str:
    """What the numbers of the table are."""
    deviation = "sd: the standard deviation of the runs' scores."
    if its.winner is None:
        return f"{metric} so far."
    over = "seeds and scored rows" if its.over == "seeds" else "the dev rows; no seed changes a solved head"
    interval = f"The interval is that of the difference, over {over}."
    if its.over == "rows":
        return f"{metric}. {interval}"
    return f"{metric}; {deviation} {interval}"


def signed(value: float | None) -> str:
    """A difference of scores, with its sign."""
    text = formatting.score(value)
    if value is None or text == formatting.NONE or not text.strip("-0.,"):
        return text.removeprefix("-")
    return text if value < 0 else f"+{text}"


def span(one: Candidate) -> str | None:
    """ "+0.0120 to +0.0500", the interval of the difference; None if it is not known."""
    if one.low is None or one.high is None:
        return None
    return f"{signed(one.low)} to {signed(one.high)}"


def in_runs(count: int) -> str:
    """ "1 run", "5 runs"."""
    return f"{formatting.count(count)} run{'' if count == 1 else 's'}"


def _cells(its: Confirmation, one: Candidate) -> list[str]:
    name = f"{one.trial} (default)" if one.trial == its.default else str(one.trial)
    runs = str(len(one.scores)) if len(one.scores) == its.runs else f"{len(one.scores)} of {its.runs}"
    mean = one.mean if its.winner is not None or not one.scores else statistics.fmean(one.scores)
    return [
        name, runs, formatting.score(mean), formatting.score(one.deviation), signed(one.difference),
        span(one) or formatting.NONE,
    ]  # fmt: skip
