"""Bootstrap intervals cover what they should, and resamples can be compared in pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from adaptkit.analysis.resampling import RESAMPLES, interval, resampled_scores, resamples
from adaptkit.task import Metric, Scores


def share_right(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
    right = [one == row["label"] for one, row in zip(predictions, rows, strict=True)]
    return Scores(values={"accuracy": sum(right) / len(right)})


METRIC = Metric(name="accuracy", direction="maximize", compute=share_right)


def test_resamples_depend_on_the_seed_and_the_rows_alone() -> None:
    one, same, other = resamples(50, seed=1), resamples(50, seed=1), resamples(50, seed=2)
    assert one.shape == (RESAMPLES, 50)
    assert (one == same).all()
    assert (one != other).any()
    assert 0 <= one.min() <= one.max() < 50


def test_the_interval_covers_the_true_share_about_as_often_as_it_says() -> None:
    covered, generator = 0, np.random.default_rng(0)
    for study in range(200):
        right = generator.random(100) < 0.8
        rows = [{"label": 1}] * 100
        scores = resampled_scores(
            METRIC, "accuracy", right.astype(int).tolist(), rows, resamples(100, seed=study)
        )
        found = interval(scores)
        assert found is not None
        covered += found[0] <= 0.8 <= found[1]
    assert 0.88 <= covered / 200 <= 0.99


def test_scores_are_those_of_the_resampled_rows() -> None:
    rows = [{"label": place % 2} for place in range(6)]
    places = np.array([[0, 0, 0, 0, 0, 0], [1, 3, 5, 1, 3, 5], [0, 1, 0, 1, 0, 1]])
    assert resampled_scores(METRIC, "accuracy", [0] * 6, rows, places) == [1.0, 0.0, 0.5]


@pytest.mark.parametrize(
    ("scores", "found"), [([], None), ([math.nan, math.nan, 1.0], None), ([0.5] * 4, (0.5, 0.5))]
)
def test_scores_that_are_not_finite_are_left_out(scores: list[float], found: Any) -> None:
    assert interval(scores) == found


def test_a_number_that_the_metric_does_not_have_is_missing() -> None:
    (score,) = resampled_scores(METRIC, "f1", [1], [{"label": 1}], np.array([[0]]))
    assert math.isnan(score)
