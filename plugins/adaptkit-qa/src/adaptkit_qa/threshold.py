"""When a question counts as unanswerable: a threshold on how far "no answer" outscores the best span.

Chosen on the dev rows by F1, as SQuAD's official evaluation chooses it. Knows no model.
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
"""The threshold above every difference of scores: an answer to every question."""


def calibrate(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> dict[str, float]:
    """The threshold with the highest F1 on these rows; `NEVER` if all of them have an answer.

    Of equally good ones the lowest, which answers the fewest questions; it stands halfway between two
    questions' differences, so that a rounding error in a score does not turn an answer.
    """
    answerable = np.array([bool(row["answers"]) for row in rows], bool)
    if answerable.all():
        return {NULL_THRESHOLD: NEVER}
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
    # Questions of one difference are answered together: only the last of them is a place to stop at.
    stops = np.flatnonzero(np.isfinite(over) & np.append(over[1:] != over[:-1], True))
    if not len(stops):
        return {NULL_THRESHOLD: 0.0}
    stop = int(stops[np.argmax(totals[stops])])
    if totals[stop] <= 0:
        return {NULL_THRESHOLD: float(over[0]) - 1}
    following = over[stop + 1] if stop < stops[-1] else over[stop]
    return {NULL_THRESHOLD: float(over[stop] + following) / 2}


def calibrated(prediction: Mapping[str, Any], calibration: Mapping[str, float]) -> dict[str, Any]:
    """The prediction with its ``answer``: the best span, or None where "no answer" outscores it by more.

    Without a threshold it is 0.
    """
    answers = bool(prediction["n_best"]) and _over(prediction) <= calibration.get(NULL_THRESHOLD, 0.0)
    return {**prediction, "answer": prediction["n_best"][0] if answers else None}


def _over(prediction: Mapping[str, Any]) -> float:
    """How much higher "no answer" scores than the best span; infinity where there is no span."""
    return float(prediction["null_score"] - prediction["best_score"])
