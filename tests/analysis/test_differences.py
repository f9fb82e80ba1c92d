"""Differences of scores are those of the same resamples, so what models have in common cancels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from adaptkit.analysis.differences import Difference, differences
from adaptkit.analysis.resampling import FEWEST_ROWS, RESAMPLES
from adaptkit.task import Metric, Scores


def share_right(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
    right = [one == row["label"] for one, row in zip(predictions, rows, strict=True)]
    return Scores(values={"accuracy": sum(right) / len(right)})


METRIC = Metric(name="accuracy", direction="maximize", compute=share_right)


def compared(*right: np.ndarray[Any, Any]) -> list[Difference]:
    """The differences of models that are right on these rows."""
    rows = [{"label": True}] * len(right[0])
    return differences(
        METRIC, [list(its) for its in right], [rows] * len(right), [its.mean() for its in right]
    )


def test_the_interval_is_that_of_the_paired_resamples() -> None:
    generator = np.random.default_rng(3)
    first = generator.random(200) < 0.7
    second = np.where(generator.random(200) < 0.1, ~first, first)
    one, other = compared(first, second)
    drawing = np.random.default_rng([0, 200])
    places = [drawing.integers(0, 200, 200) for _ in range(RESAMPLES)]
    gaps = [second[its].mean() - first[its].mean() for its in places]
    assert other.difference == pytest.approx(second.mean() - first.mean())
    assert other.difference_interval == pytest.approx(tuple(np.quantile(gaps, (0.025, 0.975))))
    assert one.interval == pytest.approx(
        tuple(np.quantile([first[its].mean() for its in places], (0.025, 0.975)))
    )
    assert (one.difference, one.difference_interval) == (0, None)


def test_what_models_have_in_common_cancels() -> None:
    generator = np.random.default_rng(4)
    first = generator.random(400) < 0.7
    second = first.copy()
    second[np.flatnonzero(~first)[:12]] = True
    one, other = compared(first, second)
    assert one.interval is not None
    assert other.interval is not None
    assert one.interval[1] > other.interval[0]  # the intervals of the scores overlap
    assert other.difference_interval is not None
    assert other.difference_interval[0] > 0  # and the difference is clear all the same


def test_equal_predictions_differ_by_nothing() -> None:
    right = np.arange(50) % 3 > 0
    _, other = compared(right, right)
    assert (other.difference, other.difference_interval) == (0, None)


def test_few_rows_have_no_intervals() -> None:
    right = np.arange(FEWEST_ROWS - 1) % 2 > 0
    assert all(one.interval is None and one.difference_interval is None for one in compared(right, ~right))


def test_a_metric_that_fails_on_resamples_has_no_interval() -> None:
    rows = [{"label": True}] * 20

    def failing(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        raise ZeroDivisionError

    metric = Metric(name="accuracy", direction="maximize", compute=failing)
    found = differences(metric, [[True] * 20, [False] * 20], [rows, rows], [1.0, 0.0])
    assert [one.difference for one in found] == [0, -1]
    assert all(one.difference_interval is None and math.isfinite(one.score) for one in found)
