"""Warnings about the winner, each with the option that may help: what it never predicts, or does not beat."""

from __future__ import annotations

from collections.abc import Sequence

from adaptkit.report import formatting
from adaptkit.report.baselines import best_baseline, is_perfect, unbeaten, unbeaten_on_test
from adaptkit.report.chance import chance_warnings
from adaptkit.report.comparison import beats_majority, majority_share, on_split
from adaptkit.report.edges import edges
from adaptkit.report.setting import is_solved
from adaptkit.report.weak_classes import hardly_found, hardly_found_in_words
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.task import MAJORITY_CLASS

MOST_NAMED = 5

WELL_FOUND = 0.5
"""The recall on dev from which on a class that is hardly found on test may have wrong labels there."""

FEWEST_ROWS = 10
"""The dev rows below which a score says little."""


def shown_warnings(summary: StudySummary, best: TrialRecord | None) -> list[str]:
    """All warnings of a study for its report. An older study has not recorded those about its winner.

    Of a warning that an earlier version recorded with another next step only today's is shown.
    """
    about_winner = winner_warnings(summary, best) if best and summary.state == "finished" else []
    known = {_without_step(one) for one in about_winner} - {""}
    others = [one for one in summary.warnings if one in about_winner or _without_step(one) not in known]
    return list(dict.fromkeys([*others, *about_winner]))


def winner_warnings(summary: StudySummary, best: TrialRecord) -> list[str]:
    """What is wrong with the winner, and what to change in another study."""
    majority = _majority(summary, best)
    unpredicted = _unpredicted(summary, best)
    found = [*_few_rows(summary), *majority, *_baseline(summary, best, majority), *unpredicted]
    on_test = [*filter(None, [unbeaten_on_test(summary, best)])]
    on_test += _hardly_found(summary, best, said=bool(unpredicted))
    wider = [] if is_perfect(summary, best) else edges(summary, best)
    chance = [] if found else chance_warnings(summary, best)
    return [*_refit(summary, best), *found, *on_test, *chance, *wider]


def _refit(summary: StudySummary, best: TrialRecord) -> list[str]:
    """That the exported model was not trained on all rows, although it should have been."""
    its = summary.trained_again
    if its is None or its.trial != best.number or its.state != "fail":
        return []
    return [f"The winner could not be trained again on all rows: {its.reason}."]


def _without_step(warning: str) -> str:
    """A warning without its last sentence; empty if it has one only."""
    return warning.rpartition(". ")[0]


def _few_rows(summary: StudySummary) -> list[str]:
    """That a score on dev says little, because one row changes it by many points."""
    rows = summary.data["dev"].rows if "dev" in summary.data else 0
    if summary.folds or not 0 < rows < FEWEST_ROWS:
        return []
    number = "1 row" if rows == 1 else f"{rows} rows"
    return [
        f"The dev score is that of {number}: each is {100 / rows:.0f} of its 100 points, so it says little. "
        "Check that no dev rows are missing, or add some."
    ]


def _baseline(summary: StudySummary, best: TrialRecord, majority: Sequence[str]) -> list[str]:
    """That another baseline is as good, unless that is the majority class and said already."""
    name = (best_baseline(summary) or ("", 0.0))[0]
    said = bool(majority) and name == MAJORITY_CLASS
    sentence = unbeaten(summary, best)
    return [sentence] if sentence and not said else []


def _majority(summary: StudySummary, best: TrialRecord) -> list[str]:
    """That the optimised accuracy is not better, or hardly better, than that of the most frequent class."""
    if best.score is None or beats_majority(summary, best) is not False:
        return []
    share = majority_share(summary, best)
    better = "hardly better" if best.score > share else "no better"
    return [
        f"{formatting.share(share)} of the rows have the most frequent class, and the winner's accuracy of "
        f"{formatting.score(best.score)} {on_split(summary)} is {better} than always predicting that class. "
        + _remedy(summary, best, "the rare ones")
    ]


def _unpredicted(summary: StudySummary, best: TrialRecord) -> list[str]:
    """The classes of which the winner finds no single case."""
    missed = {
        name: round(group["support"])
        for name, group in best.groups.items()
        if group.get("recall") == 0 and group.get("support", 0) > 0
    }
    if not missed:
        return []
    kinds = formatting.plural(summary.groups_title) if len(best.groups) > 1 else summary.groups_title
    named = [
        f"{name!r} (0 of {formatting.count(count)})" for name, count in list(missed.items())[:MOST_NAMED]
    ]
    more = f" and {len(missed) - MOST_NAMED:,} more" if len(missed) > MOST_NAMED else ""
    return [
        f"The winner never predicts {len(missed):,} of {len(best.groups):,} {kinds} correctly "
        f"{on_split(summary)}: {', '.join(named)}{more}. " + _remedy(summary, best, "them")
    ]


def _hardly_found(summary: StudySummary, best: TrialRecord, *, said: bool) -> list[str]:
    """The classes that the winner hardly ever finds on test; ``said`` means that a warning has the remedy."""
    sentence, look = hardly_found_in_words(summary), "'adaptkit errors' shows these rows"
    if not sentence:
        return []
    if all(best.groups.get(name, {}).get("recall", 0) >= WELL_FOUND for name in hardly_found(summary)):
        return [f"{sentence} {look}. Check their labels, as it finds these cases {on_split(summary)}."]
    remedy = "" if said else f" {_remedy(summary, best, 'them')}"
    return [f"{sentence} {look} and what they are taken for.{remedy}"]


def _remedy(summary: StudySummary, best: TrialRecord, missing: str) -> str:
    """The options that make rare classes count more, as far as the task has them and the study lacks them."""
    options = []
    if "macro_f1" in best.values and summary.metric != "macro_f1":
        options.append("--metric macro_f1")
    if MAJORITY_CLASS in summary.baselines and summary.class_weights == "none":
        options.append("--class-weights balanced")
    add = f"add training rows of {missing}"
    if options:
        return f"Start another study with {' and '.join(options)}, or {add}."
    if is_solved(summary):  # has no epochs, and more trials only search its penalty
        return f"Start another study with --strategy lora or --strategy full, or {add}."
    return f"Train longer (--epochs), or {add}."
