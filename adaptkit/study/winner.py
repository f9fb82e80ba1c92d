"""The winner of a study: the confirmed configuration, or the trial with the best score of the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from adaptkit.study.confirmation import Confirmation, ConfirmationFolder, ConfirmationRun, so_far
from adaptkit.study.record import UNTESTED, StudySummary, TrialRecord, best_trial
from adaptkit.study.refit import Refit


def winning_trial(summary: StudySummary, trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The trial of the winning configuration; None if no trial is complete.

    A confirmation counts as long as no other trial has become the best of the search.
    """
    best, its = best_trial(trials, summary.direction), counting(summary, trials)
    winner = None if its is None else its.winner
    return next((trial for trial in trials if trial.number == winner), best)


def counting(summary: StudySummary, trials: Sequence[TrialRecord]) -> Confirmation | None:
    """The study's confirmation, finished or not; None if the best trial of the search is another by now."""
    best, its = best_trial(trials, summary.direction), summary.confirmation
    if best is None or its is None or its.searched_best != best.number:
        return None
    return its


def standing(summary: StudySummary, trials: Sequence[TrialRecord]) -> dict[str, Any]:
    """The changes to a summary whose winner is no longer the winner; empty if it still is."""
    winner = winning_trial(summary, trials)
    number = None if winner is None else winner.number
    if number == summary.best:
        return {}
    return {"best": number, "model_folder": None, **UNTESTED}


def with_runs(summary: StudySummary, folder: ConfirmationFolder) -> StudySummary:
    """The summary with the scores of the confirmation runs that have ended, if others remain."""
    its = summary.confirmation
    if its is None or its.winner is not None:
        return summary
    return replace(summary, confirmation=so_far(its, folder.read()))


def exported_run(summary: StudySummary, trial: TrialRecord) -> ConfirmationRun | None:
    """The confirmation run whose weights are exported as those of the trial; None if its own ones are."""
    its = summary.confirmation
    return None if its is None or its.winner != trial.number else its.exported


def split_of(summary: StudySummary, trial: TrialRecord) -> int:
    """The split whose dev rows the winner's dev score is of: the common one of its runs, or its own."""
    return trial.split if exported_run(summary, trial) is None else 0


def exported_refit(summary: StudySummary, trial: TrialRecord) -> Refit | None:
    """The refit whose weights are exported as those of the trial; None if there is none."""
    its = summary.trained_again
    return its if its is not None and its.trial == trial.number and its.state == "complete" else None
