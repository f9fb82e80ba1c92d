"""Intervals of scores, from resamples of the rows (the bootstrap).

Efron and Tibshirani 1993, https://doi.org/10.1201/9780429246593.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from adaptkit.tasks.resampled import numbers_on

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adaptkit.task import Metric, Prediction, Row

RESAMPLES = 200
"""Enough for the ends of a 95% interval to within a tenth of its width."""

LEVEL = 0.95

FEWEST_RESAMPLES = 100
"""As many are scored where the metric is slow."""

MOST_SECONDS = 20.0
"""About how long the resamples of one interval are scored; longer only if `FEWEST_DRAWN` rows take longer."""

TIMED = 3
"""As many resamples are timed where the first one is slow."""

FEWEST_DRAWN = 1_000
"""A resample draws at least as many rows, or all."""

FEWEST_ROWS = 10
"""The percentiles of fewer rows say too little."""

TOO_FEW_ROWS = f"there are fewer than {FEWEST_ROWS} rows"
ALL_ALIKE = "all resamples of the rows give the same number"
UNDEFINED = "the number is undefined on most resamples of the rows"
NOT_AROUND = "the resamples of the rows give other numbers only"


@dataclass(frozen=True, kw_only=True)
class Intervals:
    """The intervals of numbers, by name, and why the others have none."""

    ends: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    """Name → the reason, in words."""


def interval(scores: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """The percentile interval of resampled scores; None if fewer than half of them are finite."""
    finite = [score for score in scores if math.isfinite(score)]
    if not finite or 2 * len(finite) < len(scores):
        return None
    outside = (1 - level) / 2
    low, high = np.quantile(finite, (outside, 1 - outside))
    return float(low), float(high)


def score_intervals(
    metric: Metric, predictions: Sequence[Prediction], rows: Sequence[Row], scores: Mapping[str, float],
    *, seed: int = 0, clock: Callable[[], float] = time.perf_counter,
) -> Intervals:  # fmt: skip
    """The percentile interval of each of the ``scores``, from the same resamples of all rows.

    A number has no interval if there are fewer than `FEWEST_ROWS` rows, if all resamples give it the same
    value, as when every row is right, or if its interval would not contain it, as is possible for averages
    over very rare classes. Where the metric is slow, the resamples are fewer and smaller, by `plan`.
    """
    if len(rows) < FEWEST_ROWS:
        return Intervals(missing=dict.fromkeys(scores, TOO_FEW_ROWS))
    scored = partial(numbers_on, metric, predictions, rows)
    return intervals_around(scores, scored, len(rows), seed=seed, clock=clock)


def intervals_around(
    scores: Mapping[str, float], scored: Callable[[NDArray[np.int64]], Mapping[str, float]], total: int,
    *, seed: int = 0, clock: Callable[[], float] = time.perf_counter,
) -> Intervals:  # fmt: skip
    """The percentile interval of each of the ``scores``, from the same resamples of ``total`` rows.

    Args:
        scores: the numbers on all rows, by name.
        scored: the places of rows ``[drawn]`` → the same numbers on them; those that it leaves out are NaN.
        total: the number of rows.
        seed: of the resamples.
        clock: seconds, by which the number of resamples is chosen.
    """
    generator = np.random.default_rng([seed, total])

    def resampled(drawn: int) -> Mapping[str, float]:
        return scored(generator.integers(0, total, drawn))

    found, seconds = _timed(lambda: resampled(total), lambda seconds: plan(total, seconds)[0], clock)
    count, drawn = plan(total, seconds)
    found = found if drawn == total else []
    found += [resampled(drawn) for _ in range(count - len(found))]
    narrowing = math.sqrt(drawn / total)
    by_name = {
        name: _around(score, [its.get(name, math.nan) for its in found], narrowing)
        for name, score in scores.items()
    }
    return Intervals(
        ends={name: ends for name, ends in by_name.items() if not isinstance(ends, str)},
        missing={name: why for name, why in by_name.items() if isinstance(why, str)},
    )


def plan(rows: int, seconds: float) -> tuple[int, int]:
    """How many resamples are scored, and how many rows each draws, if scoring all rows takes ``seconds``."""
    affordable = MOST_SECONDS / max(seconds, 1e-9)
    if affordable >= FEWEST_RESAMPLES:
        return min(RESAMPLES, int(affordable)), rows
    drawn = max(FEWEST_DRAWN, int(rows * affordable / FEWEST_RESAMPLES))
    return FEWEST_RESAMPLES, min(rows, drawn)


def _timed(
    scored: Callable[[], Mapping[str, float]], affordable: Callable[[float], int], clock: Callable[[], float]
) -> tuple[list[Mapping[str, float]], float]:
    """The first resamples, and the seconds of the fastest one.

    One is enough if it is fast. If not, it may be that the machine was busy, so up to `TIMED` are timed.
    """
    found: list[Mapping[str, float]] = []
    seconds = math.inf
    while len(found) < TIMED and affordable(seconds) < RESAMPLES:
        start = clock()
        found.append(scored())
        seconds = min(seconds, clock() - start)
    return found, seconds


def _around(score: float, resampled: Sequence[float], narrowing: float) -> tuple[float, float] | str:
    """The interval of a score, or why the resamples say nothing about it.

    Resamples of ``drawn`` of ``rows`` rows vary more than resamples of all rows, by ``sqrt(rows / drawn)``:
    their interval is narrowed by as much, and moved from their mean to the score.
    """
    found = interval(resampled)
    if found is None:
        return UNDEFINED
    if narrowing < 1:
        centre = float(np.nanmean(resampled))
        found = score + narrowing * (found[0] - centre), score + narrowing * (found[1] - centre)
    low, high = found
    if low == high:
        return ALL_ALIKE
    return found if low <= score <= high else NOT_AROUND
