"""The scale that scores stand on, and the one that a model learns. Knows numbers only."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 5
"""The parts of a scale that are reported one by one."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From ``lowest`` to ``highest``; a model learns it as -1 to 1.

    A fresh head gives numbers near 0: that is the middle of the scale then, and neither the size of the
    scale nor where it begins changes which learning rates are good.
    """

    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if not -math.inf < self.lowest < self.highest < math.inf:
            raise ValueError(
                f"lowest = {self.lowest!r:.40}, highest = {self.highest!r:.40}; "
                "expected two numbers, the first one less than the second"
            )

    def __str__(self) -> str:
        return f"from {self.lowest:g} to {self.highest:g}"

    def target(self, score: float) -> float:
        """What a model learns for a score."""
        return 2 * (score - self.lowest) / (self.highest - self.lowest) - 1

    def scores(self, targets: NDArray[Any]) -> NDArray[Any]:
        """The scores that a model's numbers stand for; those beyond an end of the scale are that end."""
        import numpy as np

        share = (targets + 1) / 2  # [numbers]
        return np.clip(self.lowest + share * (self.highest - self.lowest), self.lowest, self.highest)

    def band(self, score: float) -> str:
        """The part of the scale a score stands in, such as ``"4 to 5"``; parts begin with their lower end."""
        width = (self.highest - self.lowest) / BANDS
        # 0.6 / 0.2 is a little less than 3 in binary; rounded, a part begins where it says.
        position = min(int(round((score - self.lowest) / width, 9)), BANDS - 1)
        low = self.lowest + position * width
        return f"{low:g} to {low + width:g}"
