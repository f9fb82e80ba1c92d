"""The threshold for "no answer": by how much it must outscore the best span.

It is chosen on the dev rows by F1, as in SQuAD's official evaluation.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from adaptkit_qa.metric import best, f1

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit import Row

NULL_THRESHOLD = "null_threshold"
NEVER = sys.float_info.max
"""A threshold above every difference of scores, so that every question is answered."""


def calibrate(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> dict[str, float]:
    """The threshold with the highest F1 on these rows; none if all of them have an answer.

    Of equally good thresholds the lowest is chosen, which answers the fewest questions. It is halfway
    between the differences of two questions, so a rounding error in a score does not change an answer.
    """
    answerable = np.array([bool(row["answers"]) for row in rows], bool)
    if answerable.all():
        return {}
    over = np.array([_over(prediction) for prediction in predictions])  # [rows]
    gains = np.array(
        [
            (best(f1, prediction["n_best"][0]["text"], row) if prediction["n_best"] else 0.0)
            - best(f1, "", row)
            for prediction, row in zip(predictions, rows, strict=True)
        ]
    )  # [rows]: what answering the question adds to the sum of F1
    order = np.argsort(over, kind="stable")
    over, totals = over[order], np.cumsum(gains[order])
    # Questions with equal differences are answered together, so a threshold can only follow the last of them.
    stops = np.flatnonzero(np.isfinite(over) & np.append(over[1:] != over[:-1], True))
    if not len(stops):
        return {NULL_THRESHOLD: 0.0}
    stop = int(stops[np.argmax(totals[stops])])
    if totals[stop] <= 0:
        return {NULL_THRESHOLD: float(over[0]) - 1}
    following = over[stop + 1] if stop < stops[-1] else over[stop]
    return {NULL_THRESHOLD: float(over[stop] + following) / 2}


def calibrated(prediction: Mapping[str, Any], calibration: Mapping[str, float]) -> dict[str, Any]:
    """The prediction with its ``answer``: the best span, or None if "no answer" outscores it by more.

    Without a threshold every question is answered that has a span.
    """
    answers = bool(prediction["n_best"]) and _over(prediction) <= calibration.get(NULL_THRESHOLD, NEVER)
    return {**prediction, "answer": prediction["n_best"][0] if answers else None}


def _over(prediction: Mapping[str, Any]) -> float:
    """The score of "no answer" minus that of the best span; infinity if there is no span."""
    return float(prediction["null_score"] - prediction["best_score"])
