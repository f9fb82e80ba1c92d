"""Whether the winner is at an edge of a searched range, and the option that widens the range."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from adaptkit.report import formatting
from adaptkit.study.ranges import NUMBER
from adaptkit.study.record import StudySummary, TrialRecord

NEAR = 0.05
"""The part of a range, on its logarithmic scale, that counts as its edge."""

WIDER = 5
"""By how much a suggested range is wider than the searched one, as a factor."""


def edges(summary: StudySummary, best: TrialRecord) -> list[str]:
    """Which of the winner's hyperparameters are at an edge of the searched range, and how to widen it."""
    return [*_rate_edge(summary, best), *_batch_edge(summary, best)]


def penalty_edge(summary: StudySummary, best: TrialRecord) -> list[str]:
    """Whether the L2 penalty is at an edge of its range, which has no option."""
    found = _edge(summary.space, best.hyperparameters, "l2")
    if found is None:
        return []
    return [f"Its L2 penalty is at the {found[0]} edge of the searched range; nothing needs to be done."]


def _rate_edge(summary: StudySummary, best: TrialRecord) -> list[str]:
    found = _edge(summary.space, best.hyperparameters, "learning_rate")
    if found is None:
        return []
    edge, low, high = found
    if not low <= best.hyperparameters["learning_rate"] <= high:
        return [
            f"The winner's learning rate is beyond the {edge} edge of the first range, which the study "
            "extended once."
        ]
    wider = (low / WIDER, high) if edge == "lower" else (low, high * WIDER)
    shown = " ".join(formatting.hyperparameter("learning_rate", one) for one in wider)
    return [
        f"The winner's learning rate is at the {edge} edge of the searched range. To widen the range, start "
        f"another study with --lr {shown}."
    ]


def _batch_edge(summary: StudySummary, best: TrialRecord) -> list[str]:
    texts, size = summary.space.get("batch_size", "").split(", "), best.hyperparameters.get("batch_size")
    if len(texts) < 3 or size is None or not all(text.isdecimal() and int(text) > 0 for text in texts):
        return []
    sizes = [int(text) for text in texts]
    if sizes[0] < size < sizes[-1] or (size == sizes[0] == 1):
        return []
    word = "smallest" if size == sizes[0] else "largest"
    wider = [sizes[0] // 2, *sizes] if size == sizes[0] else [*sizes, sizes[-1] * 2]
    return [
        f"The winner's batch size is the {word} that was searched. To search more, start another study with "
        f"--batch-size {','.join(map(str, wider))}."
    ]


def _edge(
    space: Mapping[str, str], values: Mapping[str, float], name: str
) -> tuple[str, float, float] | None:
    """The edge that a value is at ("lower" or "upper"), and the range; None if it is at no edge."""
    found = re.fullmatch(rf"({NUMBER}) … ({NUMBER}) \(log\)", space.get(name, ""))
    low, high = (float(text) for text in found.groups()) if found else (0.0, 0.0)
    value = values.get(name, 0.0)
    if not (0 < low < high and value > 0):
        return None
    place = math.log(value / low) / math.log(high / low)
    if NEAR < place < 1 - NEAR:
        return None
    return "lower" if place <= NEAR else "upper", low, high
