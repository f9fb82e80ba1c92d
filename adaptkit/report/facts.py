"""What a report says, whatever it is drawn with: the winner, the order of trials, the plain sentences.

Knows the records and nothing of terminals, HTML or Markdown. What it gives back still holds
strangers' strings as they came; whoever draws cleans them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from adaptkit.report import formatting
from adaptkit.study.record import INTERRUPTED, StudySummary, TrialRecord, best_trial

STATES = {"complete": "complete", "pruned": "pruned", "fail": "failed"}
SUPPORT = ("support", "count")
SHOWS_ALL = "adaptkit report --html FILE shows all."


@dataclass(frozen=True, kw_only=True)
class Group:
    """One class or type: its numbers at the winner, on dev and on test."""

    name: str
    dev: Mapping[str, float]
    test: Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class GroupTable:
    """The per-class numbers: what is reported, which of it leads, and the groups, most frequent first."""

    measures: Sequence[str]
    leading: str
    groups: Sequence[Group]


def winner(summary: StudySummary, trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The winning trial, or the best so far; None where no trial has completed."""
    named = (trial for trial in trials if trial.number == summary.best and trial.score is not None)
    return next(named, best_trial(trials, summary.direction))


def default_trial(trials: Sequence[TrialRecord]) -> TrialRecord | None:
    """The completed trial of the strategy's default hyperparameters."""
    defaults = (trial for trial in trials if trial.is_default and trial.state == "complete")
    return next((trial for trial in defaults if formatting.finite(trial.score)), None)


def ranked(trials: Sequence[TrialRecord], direction: str) -> list[TrialRecord]:
    """Complete trials first, then pruned, then failed; the better score first, of equals the earlier."""
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
    """How it ended, in a word. One that was cut short from outside has not failed: it is trained anew."""
    return INTERRUPTED if trial.interrupted else STATES[trial.state]


def state_counts(trials: Sequence[TrialRecord]) -> str:
    """ "7 complete, 4 pruned, 1 failed"."""
    found = Counter(map(state_of, trials))
    return ", ".join(f"{found[word]} {word}" for word in (*STATES.values(), INTERRUPTED) if found[word])


def progress_sentence(summary: StudySummary, trials: Sequence[TrialRecord]) -> str:
    """How far the study has come, and what to do about it."""
    ended = [trial for trial in trials if not trial.interrupted]
    done = f"{len(ended)} of {formatting.in_trials(summary.trials)}"
    took = formatting.duration(sum(summary.seconds.values()))
    if summary.state == "failed":
        return (
            f"Every trial failed ({done} ended), so there is no winner and no model. The reasons are below."
        )
    if summary.state == "interrupted":
        return f"Interrupted after {done}. To go on, run the same command again; what has ended is kept."
    if summary.state == "running":
        return f"Still running: {done} have ended."
    if not trials:
        return "No trial was run."
    return f"{formatting.in_trials(len(trials))} in {took}: {state_counts(trials)}."


def comparison(best: TrialRecord, trials: Sequence[TrialRecord]) -> str:
    """The winner against the strategy's default, in one plain sentence."""
    default = default_trial(trials)
    if default is None or default.score is None or best.score is None:
        return "The default hyperparameters have no score to compare with."
    if default.number == best.number:
        return "These are the default hyperparameters; no other trial scored better."
    theirs = formatting.score(default.score)
    if formatting.score(best.score) == theirs:
        return f"The default hyperparameters (trial {default.number}) do as well: {theirs} on dev."
    gain = formatting.score(abs(best.score - default.score))
    return (
        f"On dev that is {gain} better than the default hyperparameters (trial {default.number}: {theirs}); "
        "one run of each, so part of it may be chance."
    )


def caveat(summary: StudySummary) -> str:
    """What the two scores are worth."""
    if summary.test:
        return "The dev score chose the winner and so flatters it; the test score had no part in it."
    if "test" in summary.data:
        return "The dev score chose the winner and so flatters it; the test set has not been scored yet."
    return "The dev score chose the winner and so flatters it; there is no test set."


def measures(summary: StudySummary, best: TrialRecord) -> list[str]:
    """The names of the winner's numbers, the optimised one first."""
    names = dict.fromkeys([summary.metric, *best.values, *summary.test])
    return list(names)


def value_on_dev(summary: StudySummary, best: TrialRecord, measure: str) -> float | None:
    """One of the winner's numbers on the dev set."""
    return best.score if measure == summary.metric else best.values.get(measure)


def hyperparameters(trials: Sequence[TrialRecord]) -> tuple[list[str], dict[str, float]]:
    """The names whose values differ between trials, and the values all trials share."""
    names = list(dict.fromkeys(name for trial in trials for name in trial.hyperparameters))
    found = {name: {trial.hyperparameters.get(name) for trial in trials} for name in names}
    searched = ("learning_rate", "batch_size")
    differing = [name for name in names if len(found[name]) > 1 or name in searched]
    alike = {name: trials[0].hyperparameters[name] for name in names if name not in differing}
    return differing, alike


def listed(values: Mapping[str, float]) -> list[str]:
    """Numbers by name, in words: "learning rate 3.21e-4", "batch size 16"."""
    return [
        f"{formatting.in_words(name)} {formatting.hyperparameter(name, value)}"
        for name, value in values.items()
    ]


def calibration(trial: TrialRecord) -> str:
    """What the task chose on the dev rows, such as a threshold, in one sentence; empty where nothing."""
    return f"Chosen on the dev rows: {', '.join(listed(trial.calibration))}." if trial.calibration else ""


def why(trial: TrialRecord) -> str:
    """Why the trial ended, without the state it repeats."""
    state = state_of(trial)
    return trial.reason.removeprefix(f"{state} ").removeprefix(f"{state}: ")


def failures(trials: Sequence[TrialRecord]) -> list[tuple[str, list[int]]]:
    """Each reason of failed trials with the trials' numbers, the most frequent first."""
    reasons: dict[str, list[int]] = {}
    for trial in trials:
        if trial.state == "fail":
            reasons.setdefault(trial.reason, []).append(trial.number)
    return sorted(reasons.items(), key=lambda item: -len(item[1]))


def spark_range(trials: Sequence[TrialRecord], direction: str) -> tuple[float, float]:
    """The scores between which spark lines are drawn: from a typical first rung to the best of all.

    One range for all trials, so that their lines compare; a hopeless trial does not flatten the others.
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
    """Each hyperparameter's share of the score's variance, the largest first."""
    known = [(name, part) for name, part in summary.importances.items() if math.isfinite(part)]
    return sorted(known, key=lambda item: -item[1])


def group_table(summary: StudySummary, best: TrialRecord | None) -> GroupTable | None:
    """The winner's per-class numbers, the most frequent first where that is told; None without numbers."""
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
    """What a table is that shows ``most`` of the groups, and where all are."""
    return f"The {most} most frequent of {formatting.count(len(table.groups))}: {SHOWS_ALL}"


def are_shares(table: GroupTable) -> bool:
    """Whether the leading numbers lie between 0 and 1, so that a bar says something."""
    numbers = [side.get(table.leading, 0.0) for group in table.groups for side in (group.dev, group.test)]
    return all(0 <= value <= 1 for value in numbers if math.isfinite(value))


def support(group: Group) -> float:
    """How often the group occurs, on dev or else on test; 0 where it is not told."""
    given = (numbers.get(key) for numbers in (group.dev, group.test) for key in SUPPORT)
    return next((value for value in given if value is not None and math.isfinite(value)), 0.0)
