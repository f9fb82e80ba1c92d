"""The winner of a study: the confirmed configuration, or the trial with the best score of the search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adaptkit.study.record import UNTESTED, StudySummary, TrialRecord, best_trial


def winning_trial(summary: StudySummary, trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The trial of the winning configuration; None if no trial is complete.

    A confirmation counts as long as no other trial has become the best of the search.
    """
    best, its = best_trial(trials, summary.direction), summary.confirmation
    if best is None or its is None or its.winner is None or its.searched_best != best.number:
        return best
    return next((trial for trial in trials if trial.number == its.winner), best)


def standing(summary: StudySummary, trials: Sequence[TrialRecord]) -> dict[str, Any]:
    """The changes to a summary whose winner is no longer the winner; empty if it still is."""
    winner = winning_trial(summary, trials)
    number = None if winner is None else winner.number
    if number == summary.best:
        return {}
    return {"best": number, "model_folder": None, **UNTESTED}
