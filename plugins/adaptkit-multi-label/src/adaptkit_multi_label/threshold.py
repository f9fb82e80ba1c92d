"""The probability from which on a label is predicted: one threshold for all labels, chosen by micro-F1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adaptkit import best_threshold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit import Row

THRESHOLD = "threshold"
DEFAULT = 0.5
"""The threshold of a model that has none."""


def calibrate(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> dict[str, float]:
    """The middle of the range around the best threshold in which micro-F1 is nearly the best."""
    probabilities = np.array([list(one["probabilities"].values()) for one in predictions])  # [rows, labels]
    gold = np.array(
        [
            [label in row["labels"] for label in one["probabilities"]]
            for one, row in zip(predictions, rows, strict=True)
        ]
    )  # [rows, labels]
    return {THRESHOLD: best_threshold(probabilities, gold)}


def calibrated(prediction: Mapping[str, Any], calibration: Mapping[str, float]) -> dict[str, Any]:
    """The prediction with its ``labels``: those at least as probable as the threshold."""
    threshold = calibration.get(THRESHOLD, DEFAULT)
    chosen = [label for label, value in prediction["probabilities"].items() if value >= threshold]
    return {**prediction, "labels": chosen}
