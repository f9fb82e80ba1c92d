"""Bootstrap intervals cover what they should, and resamples can be compared in pairs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np
import pytest

from adaptkit.analysis.resampling import (
    ALL_ALIKE,
    FEWEST_DRAWN,
    FEWEST_RESAMPLES,
    FEWEST_ROWS,
    NOT_AROUND,
    RESAMPLES,
    TIMED,
    TOO_FEW_ROWS,
    UNDEFINED,
    Intervals,
    interval,
    plan,
    score_intervals,
)
from adaptkit.task import Metric, Scores
from adaptkit.tasks.resampled import resampled_scores, resamples


def share_right(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
    right = [one == row["label"] for one, row in zip(predictions, rows, strict=True)]
    return Scores(values={"accuracy": sum(right) / len(right)})


METRIC = Metric(name="accuracy", direction="maximize", compute=share_right)


def test_the_interval_covers_as_often_as_it_says() -> None:
    covered, generator = 0, np.random.default_rng(0)
    for study in range(200):
        right = generator.random(100) < 0.8
        rows = [{"label": 1}] * 100
        scores = resampled_scores(
            METRIC, "accuracy", right.astype(int).tolist(), rows, resamples(100, seed=study, count=RESAMPLES)
        )
        found = interval(scores)
        assert found is not None
        covered += found[0] <= 0.8 <= found[1]
    assert 0.88 <= covered / 200 <= 0.99


@pytest.mark.parametrize(
    ("scores", "found"), [([], None), ([math.nan, math.nan, 1.0], None), ([0.5] * 4, (0.5, 0.5))]
)
def test_scores_that_are_not_finite_are_left_out(scores: list[float], found: Any) -> None:
    assert interval(scores) == found


class Counting:
    """A metric with two numbers that counts its calls and the rows of each."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.metric = Metric(name="accuracy", direction="maximize", compute=self.compute)

    def compute(self, predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        self.sizes.append(len(rows))
        accuracy = share_right(predictions, rows).values["accuracy"]
        return Scores(values={"accuracy": accuracy, "error": 1 - accuracy})


def clock(seconds: float) -> Callable[[], float]:
    """A clock by which one scoring takes this many seconds."""
    times = count(0.0, seconds)
    return lambda: next(times)


def labelled(rows: int, right: float) -> tuple[list[int], list[dict[str, int]]]:
    """Predictions of which this share is right, and their rows."""
    hits = np.random.default_rng(1).random(rows) < right
    return hits.astype(int).tolist(), [{"label": 1}] * rows


def test_one_resample_gives_the_intervals_of_all_numbers() -> None:
    counting, (predictions, rows) = Counting(), labelled(300, 0.8)
    scores = counting.compute(predictions, rows).values
    counting.sizes.clear()
    found = score_intervals(counting.metric, predictions, rows, scores, clock=clock(1e-3)).ends
    assert counting.sizes == [300] * RESAMPLES
    low, high = found["accuracy"]
    assert low < scores["accuracy"] < high
    assert found["error"] == pytest.approx((1 - high, 1 - low))
    spread = 2 * 1.96 * math.sqrt(scores["accuracy"] * (1 - scores["accuracy"]) / 300)
    assert high - low == pytest.approx(spread, rel=0.25)
    again = score_intervals(counting.metric, predictions, rows, scores, clock=clock(1e-3)).ends
    assert again == found


@pytest.mark.parametrize(
    ("rows", "seconds", "planned"),
    [
        (300, 0.0, (RESAMPLES, 300)),
        (300, 0.1, (200, 300)),
        (300, 0.125, (160, 300)),
        (300, 60.0, (FEWEST_RESAMPLES, 300)),
        (1_000_000, 2.0, (FEWEST_RESAMPLES, 100_000)),
        (100_000, 1e6, (FEWEST_RESAMPLES, FEWEST_DRAWN)),
    ],
)
def test_a_slow_metric_has_fewer_and_smaller_resamples(
    rows: int, seconds: float, planned: tuple[int, int]
) -> None:
    assert plan(rows, seconds) == planned


def test_small_resamples_give_about_the_interval_of_all_rows() -> None:
    counting, (predictions, rows) = Counting(), labelled(20_000, 0.8)
    scores = counting.compute(predictions, rows).values
    counting.sizes.clear()
    found = score_intervals(counting.metric, predictions, rows, scores, clock=clock(1.0)).ends
    assert counting.sizes == [*[20_000] * TIMED, *[4_000] * FEWEST_RESAMPLES]
    low, high = found["accuracy"]
    spread = 2 * 1.96 * math.sqrt(scores["accuracy"] * (1 - scores["accuracy"]) / 20_000)
    assert high - low == pytest.approx(spread, rel=0.3)
    assert abs((low + high) / 2 - scores["accuracy"]) < spread / 5


def test_a_busy_moment_does_not_change_the_interval() -> None:
    counting, (predictions, rows) = Counting(), labelled(300, 0.8)
    scores = counting.compute(predictions, rows).values
    fast = score_intervals(counting.metric, predictions, rows, scores, clock=clock(1e-3)).ends
    times = iter([0.0, 5.0, 5.0, 5.001])
    counting.sizes.clear()
    found = score_intervals(counting.metric, predictions, rows, scores, clock=lambda: next(times)).ends
    assert found == fast
    assert counting.sizes == [300] * RESAMPLES


@pytest.mark.parametrize(
    ("rows", "right", "reason"),
    [(300, 1.0, ALL_ALIKE), (300, 0.0, ALL_ALIKE), *((rows, 0.5, TOO_FEW_ROWS) for rows in (9, 1, 0))],
)
def test_no_interval_where_the_rows_say_too_little(rows: int, right: float, reason: str) -> None:
    predictions, true = labelled(rows, right)
    found = score_intervals(METRIC, predictions, true, {"accuracy": right, "other": 1.0})
    assert found.ends == {}
    other = TOO_FEW_ROWS if rows < FEWEST_ROWS else UNDEFINED
    assert found.missing == {"accuracy": reason, "other": other}


def test_no_interval_that_does_not_contain_its_score() -> None:
    def rows_drawn(predictions: Sequence[Any], rows: Sequence[Any]) -> Scores:
        return Scores(values={"different": len({row["label"] for row in rows}) / len(rows)})

    metric = Metric(name="different", direction="maximize", compute=rows_drawn)
    rows = [{"label": place} for place in range(50)]
    found = score_intervals(metric, [0] * 50, rows, {"different": 1.0})
    assert found == Intervals(missing={"different": NOT_AROUND})
