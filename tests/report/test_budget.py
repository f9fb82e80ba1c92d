"""Whether the budget was enough, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.report.budget import budget_notes
from adaptkit.report.document import as_document
from adaptkit.report.html import as_html
from adaptkit.report.markdown import as_markdown
from adaptkit.study.confirmation import Candidate, Confirmation
from adaptkit.study.record import best_trial
from tests.analysis.test_budget import SCORES, trials
from tests.helpers.studies import ner_summary

TRIALS = trials(SCORES)
SUMMARY = replace(ner_summary(), trials=7, confirmation=None, best=1)


def confirmed(deviation: float | None) -> Confirmation:
    best = best_trial(TRIALS, SUMMARY.direction)
    assert best is not None
    one = Candidate(trial=best.number, scores=(0.7, 0.8), mean=0.75, deviation=deviation)
    return Confirmation(
        searched_best=best.number, trials=(best.number,), default=0, runs=2, candidates=(one,),
        winner=best.number,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("deviation", "said"),
    [(None, "--trials 14"), (0.001, "--trials 14"), (0.9, "more trials will hardly help")],
)
def test_the_gain_is_compared_with_chance(deviation: float | None, said: str) -> None:
    (note,) = budget_notes(replace(SUMMARY, confirmation=confirmed(deviation)), TRIALS)
    assert note.startswith("Was the budget enough? The best of 3 of these trials scores 0.7")
    assert said in note


def test_no_gain_needs_no_more_trials() -> None:
    (note,) = budget_notes(SUMMARY, trials([0.5] * 8))
    assert note.endswith("More trials will hardly help.")


def test_every_report_has_it() -> None:
    said = "Was the budget enough?"
    assert said in as_markdown(SUMMARY, TRIALS)
    assert said in as_html(SUMMARY, TRIALS)
    its = as_document(SUMMARY, TRIALS)["budget"]
    assert (its["trials"], its["half"]) == (7, 3)
    assert its["low"] <= its["gain"] <= its["high"]
    assert as_document(SUMMARY, TRIALS[:3])["budget"] is None
