"""Confirmation replayed on learning curves."""

from __future__ import annotations

from benchmarks.confirmation.replay import replay, report

LOW, HIGH = (1e-4, 16), (2e-4, 16)

LUCKY = {LOW: [(0.5, 0.6), (0.6, 0.7)], HIGH: [(0.9, 0.4), (0.7, 0.5)]}
"""The higher rate looks best on dev, and is not."""

USUAL = {LOW: [(0.6, 0.7), (0.7, 0.8)], HIGH: [(0.5, 0.4), (0.4, 0.3)]}


def test_confirmation_takes_back_a_lucky_choice() -> None:
    lucky, *others = replay([LUCKY, USUAL, USUAL], LOW)
    assert (lucky.searched, lucky.searched_default) == (0.4, 0.7)
    assert (lucky.confirmed, lucky.confirmed_default) == (0.8, 0.8)
    assert len(others) == 2


def test_each_run_is_the_search_once_for_each_pair_of_others() -> None:
    assert len(list(replay([USUAL] * 5, LOW))) == 5 * 6


def test_the_report_counts_studies() -> None:
    studies = list(replay([LUCKY, USUAL, USUAL], LOW))
    text = report({("letters", "200", "full", "0"): studies})
    assert "| full | letters | 200 | 1 | 3 | 33% | 0% |" in text
