"""What a model says of a text: the probability of each label, and those that are likely enough.

Knows neither how the threshold was chosen nor what the right labels are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit import Example, Row

SHOWN = 5
"""The labels whose probabilities are shown at least, most probable first."""


def decode(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str]
) -> list[dict[str, Any]]:
    """The ``probabilities`` of all labels of each example, from ``logits`` ``[examples, labels]``."""
    logits = outputs["logits"].astype(np.float64)  # [examples, labels]
    probabilities = np.exp(-np.logaddexp(0.0, -logits))  # the sigmoid, without overflow
    return [{"probabilities": dict(zip(labels, values, strict=True))} for values in probabilities.tolist()]


def present(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The labels, most probable first, and their probabilities with those of the runners-up."""
    ranked = sorted(prediction["probabilities"].items(), key=lambda item: -item[1])
    chosen = set(prediction["labels"])
    return {
        "labels": [label for label, _ in ranked if label in chosen],
        "probabilities": dict(ranked[: max(SHOWN, len(chosen))]),
    }
