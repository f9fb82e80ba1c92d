"""Models compared on the same rows: the score of each, and its difference from the first one, with intervals.

All models are scored on the same resamples of the rows, so that what is common to them cancels in the
difference (a paired bootstrap; Efron and Tibshirani 1993, https://doi.org/10.1201/9780429246593).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.analysis.resampling import FEWEST_ROWS, intervals_around
from adaptkit.tasks.resampled import numbers_on

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adaptkit.task import Metric, Prediction, Row


@dataclass(frozen=True, kw_only=True)
class Difference:
    """The score of one of several models on the same rows."""

    score: float
    interval: tuple[float, float] | None
    """Its 95% interval over the rows; None if it has none."""

    difference: float
    """Its score minus that of the first model; 0 for the first."""

    difference_interval: tuple[float, float] | None
    """The 95% interval of the difference; None for the first, and if it has none."""


def differences(
    metric: Metric, predictions: Sequence[Sequence[Prediction]], rows: Sequence[Sequence[Row]],
    scores: Sequence[float],
) -> list[Difference]:  # fmt: skip
    """The score of each model and its difference from the first, with their intervals over the rows.

    Args:
        metric: what scores all of them.
        predictions: of each model, one for each row.
        rows: the same rows for each model, as its task prepared them.
        scores: the metric's own number of each model on all rows.
    """

    def scored(places: NDArray[np.int64]) -> dict[str, float]:
        return _numbers([
            numbers_on(metric, its, of_model, places).get(metric.name, math.nan)
            for its, of_model in zip(predictions, rows, strict=True)
        ])  # fmt: skip

    numbers, total = _numbers(scores), len(rows[0])
    ends = {} if total < FEWEST_ROWS else intervals_around(numbers, scored, total).ends
    return [
        Difference(
            score=score, interval=ends.get(f"score {place}"), difference=numbers[f"difference {place}"],
            difference_interval=ends.get(f"difference {place}"),
        )
        for place, score in enumerate(scores)
    ]  # fmt: skip


def _numbers(scores: Sequence[float]) -> dict[str, float]:
    """The score of each model and its difference from the first, by names of their own."""
    return {f"score {place}": score for place, score in enumerate(scores)} | {
        f"difference {place}": score - scores[0] for place, score in enumerate(scores)
    }
