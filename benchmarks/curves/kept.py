"""Which rung of a trial is kept, by its scores on dev."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Point = tuple[float, float]
"""The dev and the test score after a rung."""

Choice = Callable[[Sequence[Point], float], Point]
"""A trial's points, and the standard error of a dev score → the point whose weights are kept."""


def best(points: Sequence[Point], error: float) -> Point:
    """The first of the best on dev, as adaptkit kept before version 9 of its ranges."""
    return max(points, key=lambda point: point[0])


def last_within(errors: float) -> Choice:
    """The last that is worse than the best by at most so many standard errors."""

    def choice(points: Sequence[Point], error: float) -> Point:
        lowest = best(points, error)[0] - errors * error
        return [point for point in points if point[0] >= lowest][-1]

    return choice


kept = last_within(1.0)
"""As adaptkit does, which takes the standard error from resamples of the dev rows instead of a formula."""


def standard_error(name: str, score: float, rows: int) -> float:
    """Of a share of the rows, or of a correlation (Fisher 1921). An F1 score is taken as a share."""
    if name == "stsb":
        return float((1 - score**2) / (rows - 1) ** 0.5)
    return float((score * (1 - score) / rows) ** 0.5)
