"""What the runs with new seeds say about the winner, in sentences.

They contain nothing from plugins but names of numbers. A run is counted from 1 here, as in the progress.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from adaptkit.report import formatting
from adaptkit.report.candidates import in_runs, signed, span
from adaptkit.study.checked import with_nan
from adaptkit.study.confirmation import CLEAR, FEWEST_TRIALS, Candidate, Confirmation, ConfirmationRun
from adaptkit.study.record import RungRecord, StudySummary, TrialRecord
from adaptkit.study.winner import counting, exported_refit, exported_run

WHERE = {"seeds": "with new seeds", "rows": "on the dev rows of the default trial"}
"""What the runs differ in, by `Confirmation.over`."""


def finished(summary: StudySummary, trials: Sequence[TrialRecord]) -> Confirmation | None:
    """The finished confirmation whose winner has a mean; None if there is none."""
    its = counting(summary, trials)
    known = its is not None and (one := _of(its, its.winner)) is not None and one.mean is not None
    return its if known else None


def as_exported(summary: StudySummary, trial: TrialRecord) -> TrialRecord:
    """The trial with the numbers of the run whose weights are exported.

    Weights that were trained on the dev rows, too, have none: then it has those of its configuration.
    Runs with other folds have the same weights: those that are solved on all rows. Then the trial keeps its
    own numbers, which are those of the folds that the baselines are scored on.
    """
    its = exported_refit(summary, trial) or exported_run(summary, trial)
    if its is None or its.score is None or summary.folds:
        return trial
    return replace(
        trial, seed=its.seed, calibration=its.calibration, values=with_nan(its.values),
        groups={name: with_nan(numbers) for name, numbers in its.groups.items()},
        rungs=(RungRecord(epoch=0.0, score=its.score, loss=math.nan),), best_rung=0,
    )  # fmt: skip


def notes(summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    """What the confirmation says, with its verdict first; empty without a finished confirmation."""
    its = finished(summary, trials)
    return [] if its is None else [*_result(its, summary), *_searched(its, summary, trials)]


def about_exported(summary: StudySummary, trial: TrialRecord) -> list[str]:
    """The verdict, and what the exported weights scored, for a folder with the weights of this trial."""
    its = summary.confirmation
    return [] if its is None or its.winner != trial.number else _result(its, summary)


def unfinished(summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    """Why the best trial of the search is the winner: no, not all or no useful runs; else empty."""
    its = counting(summary, trials)
    if its is None:
        return _not_due(summary, trials)
    if finished(summary, trials) is not None:
        return []
    if its.winner is not None:
        return ["No run with new seeds has a score, so the winner is the best trial of the search."]
    return [
        f"{progress(summary, trials)} have ended. The same command trains the others. Until then the winner "
        "is the best trial of the search."
    ]


def _not_due(summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    """That a finished study of few trials is not confirmed; empty for others, and where nothing is chosen."""
    scored = [one for one in trials if one.state in ("complete", "pruned")]
    by_default = any(one.is_default and not one.interrupted for one in trials)
    few = 1 <= len(scored) < FEWEST_TRIALS and len(trials) > 1
    if summary.state != "finished" or not by_default or not few:
        return []
    return [
        f"With fewer than {FEWEST_TRIALS} trials, the winner is not confirmed unless --confirm asks for it."
    ]


def progress(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """ "7 of 20 runs with new seeds", if some remain; else empty."""
    its = counting(summary, trials)
    if its is None or its.winner is not None:
        return ""
    what = "runs with new seeds" if its.over == "seeds" else "heads scored on resamples"
    return f"{formatting.count(its.ended)} of {formatting.count(its.total)} {what}"


def _result(its: Confirmation, summary: StudySummary) -> list[str]:
    winner = _of(its, its.winner)
    if winner is None or winner.mean is None:
        return []
    verdict = _verdict(its, winner, summary.direction)
    return [verdict] if its.over == "rows" else [verdict, _average(its, winner, summary)]


def _verdict(its: Confirmation, winner: Candidate, direction: str) -> str:
    if winner.trial == its.default:
        return _default_wins(its, winner, direction)
    subject = f"Trial {winner.trial}'s configuration"
    if winner.difference is None:
        return f"{subject} has the best mean; the default has no run with a score to compare with."
    gain = f"{signed(winner.difference)} on average over {in_runs(its.runs)} with new seeds"
    if its.over == "rows":
        gain = f"{signed(winner.difference)} on dev"
    if span(winner) is None:
        return f"{subject} has the best mean: {gain}, and the interval of the difference is not known."
    if winner.ties:
        return f"{subject} ties the default: {_tie(its, winner, gain, direction)}."
    better = (winner.difference > 0) == (direction == "maximize")
    word = "better" if better else "worse"
    return f"{subject} is {word} than the default: {gain}, 95% interval {span(winner)}."


def _default_wins(its: Confirmation, winner: Candidate, direction: str) -> str:
    """That the default is the winner, with the next best configuration."""
    best = "score" if its.over == "rows" else f"mean of {in_runs(its.runs)} with new seeds"
    sentence = "The default itself is the winner"
    sign = 1 if direction == "maximize" else -1
    others = [one for one in its.candidates if one.trial != winner.trial and one.mean is not None]
    if not others:
        return f"{sentence}: it has the best {best}; no other configuration has a score."
    second = max(others, key=lambda one: sign * (one.mean or 0.0))
    within = f", 95% interval {span(second)}" if span(second) else ""
    if sign * (second.difference or 0.0) > 0:
        lead = formatting.score(abs(second.difference or 0.0)) + (f"{within}," if within else "")
        return (
            f"{sentence}: trial {second.trial} has the best {best}, but its lead of {lead} is less than "
            f"{CLEAR:g} standard errors."
        )
    difference = f"the next best, trial {second.trial}, differs from it by {signed(second.difference)}"
    return f"{sentence}: it has the best {best}; {difference}{within}."


def _tie(its: Confirmation, winner: Candidate, gain: str, direction: str) -> str:
    """Why a configuration won although the interval contains 0; earlier versions needed no clear lead."""
    rows = " over the dev rows" if its.over == "rows" else ""
    interval = f"the 95% interval of the difference{rows}, {span(winner)}, contains 0"
    lead = (winner.difference or 0.0) * (1 if direction == "maximize" else -1)
    if winner.standard_error is None or lead <= 0 or lead < CLEAR * winner.standard_error:
        return f"{gain}, but {interval}"
    return (
        f"{interval}. It wins because its lead, {gain}, is at least {CLEAR:g} standard errors, which decides"
    )


def _average(its: Confirmation, winner: Candidate, summary: StudySummary) -> str:
    """What the configuration gives on average, and what the exported weights scored."""
    average = f"This configuration gives {_mean(winner)} on average"
    run, again = its.exported, summary.trained_again
    if again is not None and again.trial == winner.trial and again.state == "complete":
        return f"{average} when it is trained on the training rows alone."
    if summary.model_folder is None:
        return f"{average}."  # nothing is exported yet
    if run is None or run.score is None:
        return f"{average}. The exported weights are those of the trial itself."
    if its.average is not None and its.best_run is not None:
        return f"{average}; {_averaged(its, winner, its.average, its.best_run, summary.direction)}"
    if summary.folds:
        return f"{average} over {in_runs(its.runs)}, each with other folds."
    return (
        f"{average}; the exported weights are those of run {run.run + 1}, which scored "
        f"{formatting.score(run.score)} on dev."
    )


def _averaged(
    its: Confirmation, winner: Candidate, average: ConfirmationRun, best: ConfirmationRun, direction: str
) -> str:
    """Whether the average of the weights is exported or the best run, with both scores."""
    score = formatting.score(average.score)
    weights = f"the average of the weights of its {in_runs(its.runs)} scored {score}"
    run = f"the best of them, run {best.run + 1}, scored {formatting.score(best.score)}"
    if its.exported_run != average.run:
        return f"{weights} on dev, which is worse; {run} and is exported."
    sign = 1 if direction == "maximize" else -1
    worse = sign * (average.score or 0.0) < sign * (winner.mean or 0.0)
    within = ", as it is less than a standard error worse than they are on average" if worse else ""
    return f"{weights} on dev and is exported{within}; {run}."


def _searched(its: Confirmation, summary: StudySummary, trials: Sequence[TrialRecord]) -> list[str]:
    """That another trial was the best of the search, with its score then and its mean now."""
    candidate = _of(its, its.searched_best)
    score = next((trial.score for trial in trials if trial.number == its.searched_best), None)
    once_more = its.over == "rows" and not summary.reshuffle
    same = candidate is not None and formatting.score(candidate.mean) == formatting.score(score)
    if (once_more and same) or (not once_more and its.winner == its.searched_best):
        return []
    now = "has no score" if candidate is None or candidate.mean is None else f"gives {_mean(candidate)}"
    where = "when its head is solved once more" if once_more else WHERE[its.over]
    return [
        f"The best trial of the search was trial {its.searched_best}, with {formatting.score(score)}; its "
        f"configuration {now} {where}."
    ]


def _mean(one: Candidate) -> str:
    """ "0.8432 ± 0.0061"; without the deviation if there is one run."""
    spread = "" if one.deviation is None else f" ± {formatting.score(one.deviation)}"
    return f"{formatting.score(one.mean)}{spread}"


def _of(its: Confirmation, trial: int | None) -> Candidate | None:
    return next((one for one in its.candidates if one.trial == trial), None)
