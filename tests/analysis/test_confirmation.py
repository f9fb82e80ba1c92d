"""The result of confirmation runs: means, paired intervals, the winner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from adaptkit.analysis.confirmation import best_run, candidate_of, error_of_mean, winner_of
from adaptkit.study.confirmation import Candidate, ConfirmationRun


def runs(trial: int, scores: Sequence[float | None], spread: float = 0.01) -> list[ConfirmationRun]:
    """Runs whose resampled scores are spread evenly around their score."""
    return [
        ConfirmationRun(
            trial=trial, run=place, seed=place, state="fail" if score is None else "complete", score=score,
            resampled=() if score is None else [score + spread * (step - 10) / 10 for step in range(21)],
        )
        for place, score in enumerate(scores)
    ]  # fmt: skip


def test_the_mean_and_the_deviation_of_the_runs() -> None:
    its = candidate_of(3, runs(3, [0.5, 0.6, 0.7]), None)
    assert (its.mean, its.deviation) == (pytest.approx(0.6), pytest.approx(0.1))
    assert its.difference is its.low is None


def test_paired_rows_cancel_out_of_the_difference() -> None:
    default = runs(0, [0.5, 0.6, 0.7], spread=0.2)
    its = candidate_of(3, runs(3, [0.55, 0.65, 0.75], spread=0.2), default)
    assert its.difference == pytest.approx(0.05)
    assert (its.low, its.high) == (pytest.approx(0.05), pytest.approx(0.05))
    assert not its.ties


def test_seeds_that_disagree_tie() -> None:
    its = candidate_of(3, runs(3, [0.4, 0.8, 0.6]), runs(0, [0.6, 0.6, 0.55]))
    assert its.low is not None
    assert its.high is not None
    assert its.low < 0 < its.high
    assert its.ties


def test_failed_runs_are_left_out() -> None:
    its = candidate_of(3, runs(3, [None, 0.7, 0.8]), runs(0, [0.5, None, 0.6]))
    assert its.scores == (0.7, 0.8)
    assert its.difference == pytest.approx(0.2)
    nothing = candidate_of(3, runs(3, [None, None]), runs(0, [0.5, 0.6]))
    assert (nothing.scores, nothing.mean) == ((), None)
    assert nothing.ties


@pytest.mark.parametrize(("direction", "winner", "best"), [("maximize", 3, 1), ("minimize", 5, 0)])
def test_the_winner_has_the_best_mean_not_the_best_run(direction: str, winner: int, best: int) -> None:
    candidates = [
        Candidate(trial=3, scores=(0.5, 0.9), mean=0.7),
        Candidate(trial=5, scores=(0.4, 0.5), mean=0.45),
        Candidate(trial=0, scores=(), mean=None),
    ]
    assert winner_of(candidates, direction, default=0) == winner
    found = best_run(runs(3, [0.5, 0.9, None]), direction)
    assert found is not None
    assert found.run == best
    assert winner_of([candidates[2]], direction, default=0) is None
    assert best_run(runs(3, [None]), direction) is None


@pytest.mark.parametrize(
    ("gain", "error", "winner"), [(0.02, 0.01, 5), (0.016, 0.01, 5), (0.014, 0.01, 0), (0.009, None, 5)]
)
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_default_wins_if_no_lead_is_clear(
    direction: str, gain: float, error: float | None, winner: int
) -> None:
    sign = 1 if direction == "maximize" else -1
    ends = {} if error is None else {"low": sign * gain - 1.96 * error, "high": sign * gain + 1.96 * error}
    candidates = [
        Candidate(trial=5, scores=(), mean=0.5 + sign * gain, difference=sign * gain, **ends),
        Candidate(trial=0, scores=(), mean=0.5),
    ]
    assert winner_of(candidates, direction, default=0) == winner
    assert winner_of(candidates[:1], direction, default=0) == 5


def test_the_earliest_of_equal_means_wins() -> None:
    equal = [Candidate(trial=trial, scores=(), mean=0.5, difference=0.0) for trial in (7, 3)]
    assert winner_of(equal, "maximize", default=0) == 3


def test_no_lead_is_not_a_clear_one() -> None:
    """The interval of equal runs has no width, and the default may have a higher number: that of a retry."""
    same = Candidate(trial=4, scores=(1.0,), mean=1.0, difference=0.0, low=0.0, high=0.0)
    assert winner_of([same, Candidate(trial=6, scores=(1.0,), mean=1.0)], "maximize", default=6) == 6


def test_the_error_of_the_mean_is_that_over_the_resamples() -> None:
    one = runs(3, [0.5], spread=0.1)
    assert error_of_mean(one) == pytest.approx(0.1 * (770 / 21) ** 0.5 / 10)
    assert error_of_mean(runs(3, [0.5, 0.7], spread=0.1)) == pytest.approx(error_of_mean(one))
    opposite = [*one, replace(one[0], run=1, resampled=list(reversed(one[0].resampled)))]
    assert error_of_mean(opposite) == pytest.approx(0)
    assert error_of_mean(runs(3, [None])) is error_of_mean([]) is None
    assert error_of_mean([replace(one[0], resampled=[None, None, 0.5])]) is None
