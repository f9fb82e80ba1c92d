"""Scores on resampled rows, and standard errors from them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from adaptkit.errors import Interrupted
from adaptkit.task import Metric, Scores
from adaptkit.tasks.resampled import MOST_DRAWN, resampled_scores, resamples, standard_error


def share_right(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
    right = [one == row["label"] for one, row in zip(predictions, rows, strict=True)]
    return Scores(values={"accuracy": sum(right) / len(right)})


METRIC = Metric(name="accuracy", direction="maximize", compute=share_right)


def test_resamples_depend_on_the_seed_and_the_rows_alone() -> None:
    one, same, other = (resamples(50, seed=seed, count=200) for seed in (1, 1, 2))
    assert one.shape == (200, 50)
    assert (one == same).all()
    assert (one != other).any()
    assert 0 <= one.min() <= one.max() < 50


def test_scores_are_those_of_the_resampled_rows() -> None:
    rows = [{"label": place % 2} for place in range(6)]
    places = np.array([[0, 0, 0, 0, 0, 0], [1, 3, 5, 1, 3, 5], [0, 1, 0, 1, 0, 1]])
    assert resampled_scores(METRIC, "accuracy", [0] * 6, rows, places) == [1.0, 0.0, 0.5]


def test_a_number_that_the_metric_does_not_have_is_missing() -> None:
    (score,) = resampled_scores(METRIC, "f1", [1], [{"label": 1}], np.array([[0]]))
    assert math.isnan(score)


def test_a_resample_on_which_the_metric_fails_has_no_number() -> None:
    def failing(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        if len({row["label"] for row in rows}) == 1:
            raise ValueError("not defined")
        return share_right(predictions, rows)

    metric = Metric(name="accuracy", direction="maximize", compute=failing)
    rows = [{"label": 0}, {"label": 1}]
    found = resampled_scores(metric, "accuracy", [0, 0], rows, np.array([[0, 0], [0, 1]]))
    assert math.isnan(found[0])
    assert found[1] == 0.5


def test_a_signal_is_not_taken_for_a_failed_metric() -> None:
    def stopped(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        raise Interrupted(2)

    metric = Metric(name="accuracy", direction="maximize", compute=stopped)
    with pytest.raises(Interrupted):
        resampled_scores(metric, "accuracy", [0], [{"label": 0}], np.array([[0]]))


@pytest.mark.parametrize("rows", [100, 400, 4 * MOST_DRAWN])
def test_the_error_of_a_share_is_that_of_the_formula(rows: int) -> None:
    predictions = [int(place % 5 > 0) for place in range(rows)]  # four fifths are right
    found = standard_error(METRIC, "accuracy", predictions, [{"label": 1}] * rows)
    assert found == pytest.approx(math.sqrt(0.8 * 0.2 / rows), rel=0.5)
    assert found == standard_error(METRIC, "accuracy", predictions, [{"label": 1}] * rows)


def test_few_rows_are_drawn_of_many() -> None:
    sizes = set()

    def counted(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        sizes.add(len(rows))
        return share_right(predictions, rows)

    metric = Metric(name="accuracy", direction="maximize", compute=counted)
    for rows in (30, 10 * MOST_DRAWN):
        standard_error(metric, "accuracy", [1, 0] * (rows // 2), [{"label": 1}] * rows)
    assert sizes == {30, MOST_DRAWN}


def test_a_score_without_a_value_on_most_resamples_has_no_error() -> None:
    def undefined(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        raise ValueError("not defined")

    metric = Metric(name="accuracy", direction="maximize", compute=undefined)
    assert standard_error(metric, "accuracy", [1, 0], [{"label": 1}] * 2) == 0.0
    assert standard_error(METRIC, "accuracy", [1, 1], [{"label": 1}] * 2) == 0.0  # all right
