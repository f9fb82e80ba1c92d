"""Extends a range once, while the best trial so far is at its edge or beyond."""

from __future__ import annotations

import math

NEAR = 0.05
"""The part of a range, on its logarithmic scale, that counts as its edge."""

FACTOR = 3.0
"""By how much a range is extended at one edge."""


def extended(range_: tuple[float, float], best: float) -> tuple[float, float]:
    """The range, with the edge moved at which the best value so far is.

    A value beyond an edge counts as at it, so a range that was extended once stays as it is.

    Args:
        range_: lowest and highest, on a logarithmic scale.
        best: the value of the best trial so far.
    """
    low, high = range_
    if low == high:
        return range_
    place = math.log(best / low) / math.log(high / low)  # 0 at the lower edge, 1 at the upper one
    if place <= NEAR:
        return low / FACTOR, high
    return (low, high * FACTOR) if place >= 1 - NEAR else range_


def widest(range_: tuple[float, float]) -> tuple[float, float]:
    """The range extended at both edges: it contains the values of all trials."""
    low, high = range_
    return (low, high) if low == high else (low / FACTOR, high * FACTOR)
