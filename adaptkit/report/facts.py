"""The contents of a report in any format: the winner, the order of the trials, the tables.

The results contain texts from data and plugins as they are. The module for each format escapes them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from adaptkit.report import comparison, confirmation, formatting
from adaptkit.study.record import INTERRUPTED, StudySummary, TrialRecord
from adaptkit.study.winner import winning_trial

STATES = {"complete": "complete", "pruned": "pruned", "fail": "failed"}
STOPPED = "stopped"
"""How a trial ended that the timeout cut short and that counts with its score so far."""

WORDS = (STATES["complete"], STOPPED, STATES["pruned"], STATES["fail"], INTERRUPTED)
SUPPORT = ("support", "count")
SHOWS_ALL = "adaptkit report --html FILE shows all."
SAMPLE = "This is the task's sample, because no data was given."


@dataclass(frozen=True, kw_only=True)
class Group:
    """One class or entity type: the winner's scores for it, on dev and on test."""

    name: str
    dev: Mapping[str, float]
    test: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class GroupTable:
    """The scores per class: their names, the leading one, and the groups, most frequent first."""

    measures: Sequence[str]
    leading: str
    groups: Sequence[Group]


def winner(summary: StudySummary, trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The winning trial, or the best so far; None if no trial is complete.

    Where the weights of a confirmation run are exported, it has the numbers of that run.
    """
    named = (trial for trial in trials if trial.number == summary.best and trial.score is not None)
    found = next(named, winning_trial(summary, trials))
    return None if found is None else confirmation.as_exported(summary, found)


def default_trial(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The complete trial of the strategy's default hyperparameters."""
    defaults = (trial for trial in trials if trial.is_default and trial.state == "complete")
    return next((trial for trial in defaults if formatting.finite(trial.score)), None)


def ranked(trials: Sequence[TrialRecord], direction: str) -> list[TrialRecord]:
    """The trials by state (complete, pruned, failed), then by score, best first, then by number."""
    sign = -1.0 if direction == "maximize" else 1.0
    states = list(STATES)

    def order(trial: TrialRecord) -> tuple[int, float, int]:
        value = trial.score
        known = value is not None and math.isfinite(value)
        return (
            states.index(trial.state),
            sign * value if known and value is not None else math.inf,
            trial.number,
        )

    return sorted(trials, key=order)


def state_of(trial: TrialRecord) -> str:
    """How the trial ended, in a word. An interrupted trial has not failed: it is trained again."""
    if trial.interrupted:
        return INTERRUPTED
    return STOPPED if trial.cut_short else STATES[trial.state]


def state_counts(trials: Sequence[TrialRecord]) -> str:
    """ "7 complete, 4 pruned, 1 failed"."""
    found = Counter(map(state_of, trials))
    return ", ".join(f"{found[word]} {word}" for word in WORDS if found[word])


def state_in_words(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """The study's state, and how many trials a timeout has left to the next run."""
    left = summary.trials - sum(not trial.interrupted for trial in trials)
    if summary.state != "finished" or left <= 0:
        return summary.state
    return f"{summary.state}, {formatting.in_trials(left)} remain{'s' if left == 1 else ''}"


def ended_trials(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """ "8 trials", or "4 of 8 trials" if some are left. Interrupted ones do not count."""
    ended = sum(not trial.interrupted for trial in trials)
    total = formatting.in_trials(max(ended, summary.trials))
    return total if ended >= summary.trials else f"{formatting.count(ended)} of {total}"


def progress_sentence(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """How many trials have ended, and how to continue an interrupted study."""
    ended = [trial for trial in trials if not trial.interrupted]
    runs = confirmation.progress(summary, trials)
    done = f"{len(ended)} of {formatting.in_trials(summary.trials)}{f' and {runs}' if runs else ''}"
    took = formatting.duration(sum(summary.seconds.values()))
    if summary.state == "failed":
        return f"Every trial failed ({done} ended), so there is no model. The reasons are below."
    if summary.state == "interrupted":
        return f"Interrupted after {done}. Run the same command again to continue; what has ended is kept."
    if summary.state == "running":
        return f"Still running: {done} have ended."
    if not trials:
        return "No trial has run."
    return f"{ended_trials(summary, trials)} in {took}: {state_counts(trials)}."


def measures(summary: StudySummary, best: TrialRecord) -> list[str]:
    """The names of the winner's scores, the optimised one first."""
    names = dict.fromkeys([summary.metric, *best.values, *summary.test])
    return list(names)


def value_on_dev(summary: StudySummary, best: TrialRecord, measure: str) -> float | None:
    """One of the winner's scores on the dev set."""
    return best.score if measure == summary.metric else best.values.get(measure)


def metric_in_words(summary: StudySummary) -> str:
    """What the optimised number is, in the task's words; empty if its name says it."""
    return f"{summary.metric}: {summary.metric_is}" if summary.metric_is else ""


def hyperparameters(trials: Sequence[TrialRecord]) -> tuple[list[str], dict[str, float]]:
    """The hyperparameters that differ between trials, and the values that all trials share."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.hyperparameters))
    found = {name: {trial.hyperparameters.get(name) for trial in trials} for name in names}
    searched = ("learning_rate", "batch_size")
    differing = [name for name in names if len(found[name]) > 1 or name in searched]
    alike = {name: trials[0].hyperparameters[name] for name in names if name not in differing}
    return differing, alike


def listed(values: Mapping[str, float]) -> list[str]:
    """Each name with its value: "learning rate 3.21e-4", "batch size 16"."""
    return [
        f"{formatting.in_words(name)} {formatting.hyperparameter(name, value)}"
        for name, value in values.items()
    ]


def calibration(summary: StudySummary, trial: TrialRecord) -> str:
    """The numbers that the task chose on the scored rows, such as a threshold; empty if there are none."""
    if not trial.calibration:
        return ""
    rows = "on the dev rows" if not summary.folds else comparison.on_split(summary)
    return f"Chosen {rows}: {', '.join(listed(trial.calibration))}."


def why(trial: TrialRecord) -> str:
    """Why the trial ended, without the state at the start of the reason."""
    state = state_of(trial)
    return trial.reason.removeprefix(f"{state} ").removeprefix(f"{state}: ")


def failures(trials: Sequence[TrialRecord]) -> list[tuple[str, list[int]]]:
    """Each reason for a failure with the numbers of its trials, the most frequent first."""
    reasons: dict[str, list[int]] = {}
    for trial in trials:
        if trial.state == "fail":
            reasons.setdefault(trial.reason, []).append(trial.number)
    return sorted(reasons.items(), key=lambda item: -len(item[1]))


def have_curves(trials: Sequence[TrialRecord]) -> bool:
    """Whether a trial was scored more than once; a head that is solved is scored at its end only."""
    return any(len(trial.rungs) > 1 for trial in trials)


def about_scores(trials: Sequence[TrialRecord], direction: str) -> str:
    """What the score of a trial is, in words; empty if each trial keeps its best rung."""
    choose = max if direction == "maximize" else min
    for trial in trials:
        scores = [rung.score for rung in trial.rungs if math.isfinite(rung.score)]
        if formatting.finite(trial.score) and scores and choose(scores) != trial.score:
            return "A trial has the score of its last rung that is within one standard error of its best."
    return ""


def spark_range(trials: Sequence[TrialRecord], direction: str) -> tuple[float, float]:
    """The range of the spark lines: from the median score of the first rungs to the best score.

    It is the same for all trials, so their lines can be compared. One bad trial does not change it much.
    """
    curves = [[rung.score for rung in trial.rungs if math.isfinite(rung.score)] for trial in trials]
    curves = [curve for curve in curves if curve]
    if not curves:
        return 0.0, 1.0
    start = median(curve[0] for curve in curves)
    choose = max if direction == "maximize" else min
    best = choose(choose(curve) for curve in curves)
    return min(start, best), max(start, best)


def importances(summary: StudySummary) -> list[tuple[str, float]]:
    """Each hyperparameter's share of the score's variance, the largest first; a single one has no share."""
    if len(summary.importances) < 2:
        return []
    known = [(name, part) for name, part in summary.importances.items() if math.isfinite(part)]
    return sorted(known, key=lambda item: -item[1])


def group_table(summary: StudySummary, best: TrialRecord | None) -> GroupTable | None:
    """The winner's scores per class, the most frequent class first if known; None if there are none."""
    dev = best.groups if best else {}
    names = dict.fromkeys([*dev, *summary.test_groups])
    groups = [
        Group(name=name, dev=dev.get(name, {}), test=summary.test_groups.get(name, {})) for name in names
    ]
    reported = list(dict.fromkeys(key for group in groups for key in (*group.dev, *group.test)))
    scored = [key for key in reported if key not in SUPPORT]
    if not scored:
        return None
    leading = next((key for key in (summary.metric, "f1", "accuracy") if key in scored), scored[0])
    groups.sort(key=lambda group: -support(group))
    ordered = [
        leading,
        *(key for key in scored if key != leading),
        *(key for key in reported if key in SUPPORT),
    ]
    return GroupTable(measures=ordered, leading=leading, groups=groups)


def most_frequent(table: GroupTable, most: int) -> str:
    """The note under a table that shows only ``most`` of the groups."""
    return f"The {most} most frequent of {formatting.count(len(table.groups))}: {SHOWS_ALL}"


def are_shares(table: GroupTable) -> bool:
    """Whether the leading scores are all between 0 and 1, so that they can be shown as bars."""
    numbers = [side.get(table.leading, 0.0) for group in table.groups for side in (group.dev, group.test)]
    return all(0 <= value <= 1 for value in numbers if math.isfinite(value))


def support(group: Group) -> float:
    """How often the group occurs, on dev or else on test; 0 if unknown."""
    given = (numbers.get(key) for numbers in (group.dev, group.test) for key in SUPPORT)
    return next((value for value in given if value is not None and math.isfinite(value)), 0.0)


def support_on_test(group: Group) -> float | None:
    """How often the group occurs on test; None if unknown."""
    given = (group.test.get(key) for key in SUPPORT)
    return next((value for value in given if value is not None and math.isfinite(value)), None)
