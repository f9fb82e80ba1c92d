"""Whether the study had enough trials, in words."""

from __future__ import annotations

from collections.abc import Sequence

from adaptkit.analysis.budget import Budget, budget_of
from adaptkit.report import formatting
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import counting


def budget_notes(summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    """What the last doubling of the trials gained, and what to expect of the next; empty for few trials."""
    its = budget_of(trials, summary.direction)
    if its is None:
        return []
    half, gain = formatting.count(its.half), formatting.score(its.gain)
    sentence = (
        f"Was the budget enough? The best of {half} of these trials scores "
        f"{formatting.score(its.best_of_half)} on average, the best of all {formatting.count(its.trials)} "
        f"{formatting.score(its.best)}: the last doubling gained {gain} (95% interval "
        f"{formatting.score(its.low)} to {formatting.score(its.high)})."
    )
    return [f"{sentence} {_next(summary, trials, its)}"]


def _next(summary: StudySummary, trials: Sequence[TrialRecord], its: Budget) -> str:
    """What another doubling may gain, compared with chance where runs with new seeds have measured that."""
    chance = _chance(summary, trials)
    if formatting.score(its.gain) == formatting.score(0.0):
        return "More trials will hardly help."
    if chance is not None and its.gain < chance:
        return (
            f"That is less than one run differs from another (± {formatting.score(chance)}), so more trials "
            "will hardly help."
        )
    return f"Another doubling (--trials {2 * summary.trials}) usually gains less than the one before."


def _chance(summary: StudySummary, trials: Sequence[TrialRecord]) -> float | None:
    """The standard deviation of the winner's runs with new seeds; None if it is not known."""
    its = counting(summary, trials)
    found = () if its is None else its.candidates
    return next((one.deviation for one in found if its is not None and one.trial == its.winner), None)
