from __future__ import annotations

import numpy as np
import pytest

from adaptkit.tasks.thresholds import DEFAULT, NEAR, best_threshold


def f1(probabilities: np.ndarray, gold: np.ndarray, threshold: float) -> float:
    chosen = probabilities >= threshold
    return float(2 * (chosen & gold).sum() / (chosen.sum() + gold.sum()))


@pytest.mark.parametrize("decimals", [1, 2, 9])
@pytest.mark.parametrize("seed", range(4))
def test_the_threshold_is_nearly_as_good_as_the_best(seed: int, decimals: int) -> None:
    draw = np.random.default_rng(seed)
    gold = draw.random((80, 4)) < 0.3
    probabilities = (1 / (1 + np.exp(2.5 - 2 * gold - draw.normal(size=gold.shape)))).round(decimals)
    chosen = best_threshold(probabilities, gold)
    best = max(f1(probabilities, gold, value) for value in np.unique(probabilities))
    assert NEAR * best <= f1(probabilities, gold, chosen) <= best
    assert np.abs(probabilities - chosen).min() > 1e-9


def test_an_isolated_best_threshold_is_not_chosen() -> None:
    """The best F1 needs a threshold of 0.299; the middle of the nearly best range is far above it."""
    probabilities = np.array([0.9] * 40 + [0.3, 0.299] + [0.1] * 40)
    gold = np.array([True] * 40 + [False, True] + [False] * 40)
    assert best_threshold(probabilities, gold) == pytest.approx((0.9 + 0.3) / 2)


def test_without_labels_it_is_a_half() -> None:
    assert best_threshold(np.array([0.1, 0.9]), np.array([False, False])) == DEFAULT == 0.5
