"""How much of a search is trained, before its scores are known."""

from __future__ import annotations

import pytest

from adaptkit.search.expected import expected_rungs, rungs_with_patience


@pytest.mark.parametrize(("trials", "together"), [(1, 1), (8, 4), (5, 32)])
def test_without_pruning_every_trial_is_trained_to_its_end(trials: int, together: int) -> None:
    assert expected_rungs(trials, 12, together=together, pruning=False) == 12 * trials


def test_sixteen_trials_take_less_than_half_of_their_rungs() -> None:
    """The default and the best are complete; a third continues after an eighth of the training."""
    assert 12 + 15 * 2 <= expected_rungs(16, 12, together=16, pruning=True) < 0.5 * 16 * 12


@pytest.mark.parametrize("trials", [1, 3])
def test_few_trials_are_not_pruned(trials: int) -> None:
    assert expected_rungs(trials, 12, together=trials, pruning=True) == 12 * trials


def test_a_single_rung_leaves_nothing_to_prune() -> None:
    assert expected_rungs(8, 1, together=8, pruning=True) == 8


@pytest.mark.parametrize("together", [1, 3, 8])
def test_pruning_spares_and_the_default_is_complete(together: int) -> None:
    expected = expected_rungs(8, 12, together=together, pruning=True)
    assert 12 + 7 <= expected < 8 * 12
    assert expected == expected_rungs(8, 12, together=together, pruning=True)


def test_patience_of_half_the_rungs_spares_what_was_measured() -> None:
    assert rungs_with_patience(6, 3) == pytest.approx(6 * 0.87)
    assert rungs_with_patience(6, 4) > rungs_with_patience(6, 3)


@pytest.mark.parametrize("patience", [0, 6, 9])
def test_patience_that_cannot_end_a_trial_spares_nothing(patience: int) -> None:
    assert rungs_with_patience(6, patience) == 6


def test_patience_is_about_complete_trials_alone() -> None:
    without, patient = (expected_rungs(8, 12, together=8, pruning=True, patience=one) for one in (0, 6))
    assert 12 * 0.13 <= without - patient < 0.13 * without
    assert expected_rungs(2, 12, together=2, pruning=False, patience=6) == pytest.approx(24 * 0.87)
