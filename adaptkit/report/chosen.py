"""What was chosen by which score: the best of several scores is somewhat too high, and any other is not."""

from __future__ import annotations

from collections.abc import Sequence

from adaptkit.report import formatting
from adaptkit.study.confirmation import AVERAGE, Candidate, Confirmation, ConfirmationRun
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import exported_refit, exported_run


def chosen(summary: StudySummary, best: TrialRecord, trials: Sequence[TrialRecord]) -> list[str]:
    """Which scores of the winner are too high, because it was chosen by them; none if nothing was chosen."""
    run, winner = run_chosen(summary, best), winner_chosen(summary, best, trials)
    number = None if run is None else run.run + 1
    if run is None:
        name, measure = _measure(summary, best)
        return [f"The winner was chosen by its {measure}, so that {name} is somewhat too high."] * winner
    if winner:
        both = f"The winner was chosen by its mean on dev, and run {number} by its dev score"
        return [f"{both}, so both are somewhat too high."]
    return [f"Run {number} was chosen among the winner's runs by its dev score, which is somewhat too high."]


def winner_chosen(summary: StudySummary, best: TrialRecord, trials: Sequence[TrialRecord]) -> bool:
    """Whether the configuration has the best of several scores. A default that won without it has not.

    Args:
        summary: the study.
        best: the trial of the configuration.
        trials: all trials; empty if they are not known.
    """
    its = _confirmed(summary, best)
    if its is None:
        scored = sum(formatting.finite(trial.score) for trial in trials)
        return (scored if trials else summary.trials) > 1
    sign = 1 if summary.direction == "maximize" else -1
    means = {one.trial: sign * one.mean for one in its.candidates if one.mean is not None}
    return len(means) > 1 and means.get(best.number) == max(means.values())


def run_chosen(summary: StudySummary, best: TrialRecord) -> ConfirmationRun | None:
    """The exported run, if it is one of several of the configuration that was chosen by its dev score."""
    its, run = _confirmed(summary, best), exported_run(summary, best)
    if its is None or run is None or run.run == AVERAGE or summary.folds or exported_refit(summary, best):
        return None
    return run if len(_candidate(its, best).scores) > 1 else None


def _measure(summary: StudySummary, best: TrialRecord) -> tuple[str, str]:
    """What the winner was chosen by, in a word and with where it is from."""
    its = _confirmed(summary, best)
    name = "mean" if its is not None and its.over == "seeds" else "score"
    if summary.folds:
        return name, f"{name} in {summary.folds}-fold cross-validation on the training rows"
    return name, "mean on dev" if name == "mean" else "dev score"


def _confirmed(summary: StudySummary, best: TrialRecord) -> Confirmation | None:
    """The confirmation that this configuration won with a score; None if there is none."""
    its = summary.confirmation
    known = its is not None and its.winner == best.number and _candidate(its, best).mean is not None
    return its if known else None


def _candidate(its: Confirmation, best: TrialRecord) -> Candidate:
    """What the runs of the configuration scored; nothing if it is not among the candidates."""
    found = (one for one in its.candidates if one.trial == best.number)
    return next(found, Candidate(trial=best.number, scores=()))
