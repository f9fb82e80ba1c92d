"""A metric's numbers on resampled rows: how much of a score is due to which rows there are (the bootstrap).

Efron and Tibshirani 1993, https://doi.org/10.1201/9780429246593. Resamples depend on a seed and the number of
rows alone, so that the scores of two models on the same resamples can be compared in pairs.
"""

from __future__ import annotations

import math
import statistics
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from adaptkit.errors import Interrupted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adaptkit.task import Metric, Prediction, Row

RESAMPLES_FOR_ERROR = 20
"""Enough to know a standard error to within about a sixth."""

MOST_DRAWN = 500
"""Each of them draws at most so many rows, so that many dev rows do not make it slow."""


def resamples(rows: int, *, seed: int, count: int, drawn: int | None = None) -> NDArray[np.int64]:
    """``[count, drawn]``: the places of the rows that each resample draws, with replacement.

    It draws as many as there are by default.
    """
    return np.random.default_rng([seed, rows]).integers(0, rows, (count, drawn or rows))


def resampled_scores(
    metric: Metric, name: str, predictions: Sequence[Prediction], rows: Sequence[Row],
    places: NDArray[np.int64],
) -> list[float]:  # fmt: skip
    """The number ``name`` of the metric on each resample ``places [count, drawn]``; NaN where it has none."""
    numbers = (numbers_on(metric, predictions, rows, chosen) for chosen in places)
    return [its.get(name, math.nan) for its in numbers]


def standard_error(
    metric: Metric, name: str, predictions: Sequence[Prediction], rows: Sequence[Row]
) -> float:
    """The standard deviation of a score over other rows; 0 where fewer than half of the resamples have one.

    Of many rows each resample draws fewer, ``drawn`` of ``n``, and varies more, by ``sqrt(n / drawn)``.
    """
    drawn = min(len(rows), MOST_DRAWN)
    places = resamples(len(rows), seed=0, count=RESAMPLES_FOR_ERROR, drawn=drawn)  # [resamples, drawn]
    scores = resampled_scores(metric, name, predictions, rows, places)
    finite = [score for score in scores if math.isfinite(score)]
    if 2 * len(finite) < RESAMPLES_FOR_ERROR:
        return 0.0
    return statistics.stdev(finite) * math.sqrt(drawn / len(rows))


def numbers_on(
    metric: Metric, predictions: Sequence[Prediction], rows: Sequence[Row], places: NDArray[np.int64]
) -> dict[str, float]:
    """The metric's numbers on the rows at ``places [drawn]``; none where it fails, as a correlation may."""
    chosen = places.tolist()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            scores = metric.compute(
                [predictions[place] for place in chosen], [rows[place] for place in chosen]
            )
        return {name: float(value) for name, value in scores.values.items()}
    except Interrupted:
        raise
    except Exception:
        return {}
