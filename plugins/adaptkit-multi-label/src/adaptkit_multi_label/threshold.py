"""The probability from which on a label is predicted: one threshold for all labels, chosen by micro-F1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit import Row

THRESHOLD = "threshold"
DEFAULT = 0.5
"""The threshold if the rows have no labels."""

NEAR = 0.97
"""The share of the best micro-F1 from which on a threshold counts as nearly the best."""


def calibrate(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> dict[str, float]:
    """The middle of the range around the best threshold in which micro-F1 is nearly the best.

    The best threshold itself may be an isolated peak caused by a few rows. Every threshold in the range
    gives at least `NEAR` of its micro-F1. `DEFAULT` if the rows have no labels.
    """
    probabilities = np.array([list(one["probabilities"].values()) for one in predictions])  # [rows, labels]
    gold = np.array(
        [
            [label in row["labels"] for label in one["probabilities"]]
            for one, row in zip(predictions, rows, strict=True)
        ]
    )  # [rows, labels]
    if not gold.any():
        return {THRESHOLD: DEFAULT}
    order = np.argsort(-probabilities, axis=None, kind="stable")
    return {THRESHOLD: _middle(probabilities.ravel()[order], gold.ravel()[order])}


def calibrated(prediction: Mapping[str, Any], calibration: Mapping[str, float]) -> dict[str, Any]:
    """The prediction with its ``labels``: those at least as probable as the threshold."""
    threshold = calibration.get(THRESHOLD, DEFAULT)
    chosen = [label for label, value in prediction["probabilities"].items() if value >= threshold]
    return {**prediction, "labels": chosen}


def _middle(probabilities: NDArray[np.float64], gold: NDArray[np.bool_]) -> float:
    """The middle of the range of nearly best thresholds; both arrays ``[items]``, most probable first.

    It is halfway between two probabilities, so a rounding error in a probability does not change a label.
    """
    # Items with equal probability are predicted together, so a threshold can only follow the last of them.
    stops = np.flatnonzero(np.append(probabilities[1:] != probabilities[:-1], True))
    first, last = _range(2 * np.cumsum(gold)[stops] / (stops + 1 + gold.sum()))
    values = np.append(probabilities[stops], 0.0)  # each probability once, and a value below all of them
    middle = (values[first] + values[last + 1]) / 2
    above = min(int(np.searchsorted(-values, -middle, side="right")) - 1, last)
    return float(values[above] + values[above + 1]) / 2


def _range(f1: NDArray[np.float64]) -> tuple[int, int]:
    """The first and the last place of the contiguous range around the best F1 where F1 is nearly the best."""
    best = int(f1.argmax())
    worse = np.flatnonzero(f1 < NEAR * f1[best])
    before = int(np.searchsorted(worse, best))  # the number of worse places before the best one
    first = int(worse[before - 1]) + 1 if before > 0 else 0
    last = int(worse[before]) - 1 if before < len(worse) else len(f1) - 1
    return first, last
