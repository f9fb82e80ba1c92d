"""Scores are called too high only if something was chosen by them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adaptkit.report.chosen import chosen, run_chosen, winner_chosen
from adaptkit.study.confirmation import AVERAGE, Confirmation
from adaptkit.study.record import StudySummary
from tests.helpers.confirmations import ALL_FAILED, BEATS, DEFAULT_WINS, TIES, confirmation
from tests.helpers.studies import failed_trial, ner_summary, ner_trials

SUMMARY, TRIALS = ner_summary(), ner_trials()
UNCLEAR = confirmation(0, {8: (0.5, 0.6, 0.55), 0: (0.5, 0.6, 0.549)}, (-0.01, 0.0107))
"""The default wins, although another configuration has a better mean."""

BY_SCORE = "The winner was chosen by its dev score, so that score is somewhat too high."
BY_MEAN = "The winner was chosen by its mean on dev, so that mean is somewhat too high."
BOTH = "The winner was chosen by its mean on dev, and run 2 by its dev score, so both are somewhat too high."
RUN = "Run 2 was chosen among the winner's runs by its dev score, which is somewhat too high."


def once(its: Confirmation) -> Confirmation:
    """The same with one run of each configuration, or of solved heads."""
    return replace(its, runs=1, candidates=[replace(one, scores=one.scores[:1]) for one in its.candidates])


def over_rows(its: Confirmation) -> Confirmation:
    return replace(once(its), over="rows", exported=None, exported_run=None)


def averaged(its: Confirmation) -> Confirmation:
    assert its.exported is not None
    return replace(its, exported_run=AVERAGE, exported=replace(its.exported, run=AVERAGE))


def said(its: Confirmation | None, **changes: Any) -> list[str]:
    summary: StudySummary = replace(SUMMARY, confirmation=its, **changes)
    winner = 8 if its is None or its.winner is None else its.winner
    return chosen(summary, TRIALS[winner], TRIALS)


@pytest.mark.parametrize(
    ("its", "sentences"),
    [
        (None, [BY_SCORE]),
        (ALL_FAILED, [BY_SCORE]),
        (BEATS, [BOTH]),
        (TIES, [BOTH]),
        (DEFAULT_WINS, [BOTH]),
        (UNCLEAR, [RUN]),
        (once(BEATS), [BY_MEAN]),
        (once(UNCLEAR), []),
        (averaged(BEATS), [BY_MEAN]),
        (averaged(UNCLEAR), []),
        (over_rows(BEATS), [BY_SCORE]),
        (over_rows(DEFAULT_WINS), [BY_SCORE]),
        (over_rows(UNCLEAR), []),
    ],
)
def test_what_was_chosen_by_its_score(its: Confirmation | None, sentences: list[str]) -> None:
    assert said(its) == sentences


def test_folds_are_named() -> None:
    (by_mean,), (by_score,) = said(BEATS, folds=5), said(None, folds=5)
    assert by_mean.startswith("The winner was chosen by its mean in 5-fold cross-validation on the training")
    assert by_score.endswith("score in 5-fold cross-validation on the training rows, so that score is "
                             "somewhat too high.")  # fmt: skip
    assert said(UNCLEAR, folds=5) == []


def test_a_lower_score_may_be_the_better_one() -> None:
    lower = confirmation(1, {1: (0.2, 0.3, 0.25), 0: (0.4, 0.5, 0.45)}, (-0.3, -0.1))
    assert said(lower, direction="minimize") == [BOTH]
    assert said(replace(lower, winner=0), direction="minimize") == [RUN]


@pytest.mark.parametrize("others", [[], [failed_trial(1)]])
def test_a_single_trial_with_a_score_was_not_chosen(others: list[Any]) -> None:
    assert chosen(SUMMARY, TRIALS[0], [TRIALS[0], *others]) == []
    assert chosen(SUMMARY, TRIALS[0], [*TRIALS[:2], *others]) == [BY_SCORE]


def test_without_the_trials_their_number_counts() -> None:
    assert winner_chosen(SUMMARY, TRIALS[8], ())
    assert not winner_chosen(replace(SUMMARY, trials=1), TRIALS[8], ())
    assert run_chosen(SUMMARY, TRIALS[8]) is None
