"""Scores on resampled rows: how much of a score is due to which rows there are (the bootstrap).

Efron and Tibshirani 1993, https://doi.org/10.1201/9780429246593. Resamples depend on a seed and the number of
rows alone, so that the scores of two models on the same resamples can be compared in pairs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from adaptkit.task import Metric, Prediction, Row

RESAMPLES = 200
"""Enough for the ends of a 95% interval to within a tenth of its width."""

LEVEL = 0.95


def resamples(rows: int, *, seed: int, count: int = RESAMPLES) -> NDArray[np.int64]:
    """``[count, rows]``: the places of the rows that each resample draws, with replacement."""
    return np.random.default_rng([seed, rows]).integers(0, rows, (count, rows))


def resampled_scores(
    metric: Metric, name: str, predictions: Sequence[Prediction], rows: Sequence[Row],
    places: NDArray[np.int64],
) -> list[float]:  # fmt: skip
    """The number ``name`` of the metric on each resample ``places [count, rows]``; NaN where it has none."""
    found = []
    for chosen in places.tolist():
        scores = metric.compute([predictions[place] for place in chosen], [rows[place] for place in chosen])
        found.append(float(scores.values.get(name, math.nan)))
    return found


def interval(scores: Sequence[float], level: float = LEVEL) -> tuple[float, float] | None:
    """The percentile interval of resampled scores; None if fewer than half of them are finite."""
    finite = [score for score in scores if math.isfinite(score)]
    if not finite or 2 * len(finite) < len(scores):
        return None
    outside = (1 - level) / 2
    low, high = np.quantile(finite, (outside, 1 - outside))
    return float(low), float(high)
