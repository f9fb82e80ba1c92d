"""The expected best of so many trials, against all choices and against draws from a distribution."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import numpy as np
import pytest

from adaptkit.analysis.budget import budget_of, weights
from adaptkit.study.record import RungRecord, TrialRecord


def trial(number: int, score: float | None) -> TrialRecord:
    rungs = [] if score is None else [RungRecord(epoch=1.0, score=score, loss=0.1)]
    return TrialRecord(
        number=number, state="fail" if score is None else "complete", reason="", origin="search",
        hyperparameters={}, seed=0, rungs=rungs, best_rung=None if score is None else 0,
    )  # fmt: skip


def trials(scores: list[float]) -> list[TrialRecord]:
    return [trial(number, score) for number, score in enumerate(scores)]


SCORES = [0.31, 0.8, 0.55, 0.62, 0.79, 0.1, 0.44]


@pytest.mark.parametrize("chosen", range(1, 8))
def test_it_is_the_mean_over_all_choices(chosen: int) -> None:
    expected = fmean(max(some) for some in combinations(SCORES, chosen))
    assert np.dot(weights(7, chosen), np.sort(SCORES)) == pytest.approx(expected)


def test_the_gain_is_that_of_the_last_doubling() -> None:
    its = budget_of(trials(SCORES), "maximize")
    assert its is not None
    assert (its.trials, its.half, its.best) == (7, 3, pytest.approx(0.8))
    assert its.best_of_half == pytest.approx(fmean(max(some) for some in combinations(SCORES, 3)))
    assert its.gain == pytest.approx(its.best - its.best_of_half)
    assert 0 <= its.low <= its.gain <= its.high
    assert [number for number, _ in its.curve] == [1, 2, 4, 7]
    assert its.curve[0][1] == pytest.approx(fmean(SCORES))


def test_where_less_is_better_the_gain_is_positive_too() -> None:
    most = budget_of(trials(SCORES), "maximize")
    least = budget_of(trials([-score for score in SCORES]), "minimize")
    assert most is not None
    assert least is not None
    assert (least.gain, least.low, least.high) == (most.gain, most.low, most.high)
    assert least.best == pytest.approx(-0.8)


def test_few_or_failed_trials_say_nothing() -> None:
    assert budget_of(trials(SCORES[:5]), "maximize") is None
    assert budget_of([*trials(SCORES[:5]), trial(5, None)], "maximize") is None


def test_equal_scores_gain_nothing() -> None:
    its = budget_of(trials([0.5] * 8), "maximize")
    assert its is not None
    assert (its.gain, its.low, its.high) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)


def test_many_trials_need_little_memory() -> None:
    its = budget_of(trials(list(np.random.default_rng(0).random(20_000))), "maximize")
    assert its is not None
    assert its.gain == pytest.approx(0.5 / 10_000, abs=1e-4)


def test_the_estimate_has_no_bias() -> None:
    """The expected best of 5 uniform draws is 5/6, here estimated from 10 of them."""
    random = np.random.default_rng(1)
    found = []
    for _ in range(2000):
        its = budget_of(trials(list(random.random(10))), "maximize") if len(found) < 1 else None
        found.append(
            float(np.dot(weights(10, 5), np.sort(random.random(10)))) if its is None else its.best_of_half
        )
    assert fmean(found) == pytest.approx(5 / 6, abs=0.01)
