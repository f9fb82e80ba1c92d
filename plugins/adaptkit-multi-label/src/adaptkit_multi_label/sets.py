"""Predictions: the probability of each label of a text, and how they are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from adaptkit import Example, Row

SHOWN = 5
"""The least number of labels whose probabilities are shown, most probable first."""


class Probabilities(Mapping[str, float]):
    """The probability of each label of one text: four bytes each, as there may be thousands of labels."""

    def __init__(self, positions: Mapping[str, int], values: NDArray[np.float32]) -> None:
        """``positions``: the position of each label in ``values [labels]``, shared by all texts."""
        self._positions = positions
        self._values = values

    def __getitem__(self, label: str) -> float:
        return float(self._values[self._positions[label]])

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)


def decode(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The ``probabilities`` of all labels of each example, from ``logits`` ``[examples, labels]``."""
    logits = outputs["logits"].astype(np.float64)  # [examples, labels]
    probabilities = np.exp(-np.logaddexp(0.0, -logits)).astype(np.float32)  # the sigmoid, without overflow
    positions = {label: position for position, label in enumerate(labels)}
    return [{"probabilities": Probabilities(positions, values)} for values in probabilities]


def present(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The predicted labels, most probable first, and their probabilities and those of the next labels."""
    ranked = sorted(prediction["probabilities"].items(), key=lambda item: -item[1])
    chosen = set(prediction["labels"])
    return {
        "labels": [label for label, _ in ranked if label in chosen],
        "probabilities": dict(ranked[: max(SHOWN, len(chosen))]),
    }
