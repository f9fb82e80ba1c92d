"""The probability from which on a label is predicted, chosen by F1. For plugin authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

DEFAULT = 0.5
"""The threshold if no item has its label."""

NEAR = 0.97
"""The share of the best F1 from which on a threshold counts as nearly the best."""


def best_threshold(probabilities: NDArray[Any], gold: NDArray[np.bool_]) -> float:
    """The middle of the range around the best threshold in which F1 is nearly the best.

    The best threshold itself may be an isolated peak caused by a few items. Every threshold in the range
    gives at least `NEAR` of its F1. `DEFAULT` if no item has its label.

    Args:
        probabilities: how probable a label is for an item, ``[...]``: for example of rows and labels.
        gold: whether the item has it, of the same shape.
    """
    import numpy as np

    if not gold.any():
        return DEFAULT
    order = np.argsort(-probabilities, axis=None, kind="stable")
    return _middle(probabilities.ravel()[order], gold.ravel()[order])


def _middle(probabilities: NDArray[Any], gold: NDArray[np.bool_]) -> float:
    """The middle of the range of nearly best thresholds; both arrays ``[items]``, most probable first.

    It is halfway between two probabilities, so a rounding error in a probability does not change a label.
    """
    import numpy as np

    # Items with equal probability are predicted together, so a threshold can only follow the last of them.
    stops = np.flatnonzero(np.append(probabilities[1:] != probabilities[:-1], True))
    first, last = _range(2 * np.cumsum(gold)[stops] / (stops + 1 + gold.sum()))
    values = np.append(probabilities[stops], 0.0)  # each probability once, and a value below all of them
    middle = (values[first] + values[last + 1]) / 2
    above = min(int(np.searchsorted(-values, -middle, side="right")) - 1, last)
    return float(values[above] + values[above + 1]) / 2


def _range(f1: NDArray[np.float64]) -> tuple[int, int]:
    """The first and the last place of the contiguous range around the best F1 where F1 is nearly the best."""
    import numpy as np

    best = int(f1.argmax())
    worse = np.flatnonzero(f1 < NEAR * f1[best])
    before = int(np.searchsorted(worse, best))  # the number of worse places before the best one
    first = int(worse[before - 1]) + 1 if before > 0 else 0
    last = int(worse[before]) - 1 if before < len(worse) else len(f1) - 1
    return first, last
