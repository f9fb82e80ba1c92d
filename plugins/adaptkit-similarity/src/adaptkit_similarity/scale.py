"""The scale of the scores, and its conversion to the numbers that a model learns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 5
"""The number of parts of a scale that are reported separately."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """From ``lowest`` to ``highest``; a model learns it as -1 to 1.

    A new head outputs numbers near 0, the middle of the scale. Good learning rates do not depend on the size
    or the start of the scale.
    """

    lowest: float
    highest: float

    def __post_init__(self) -> None:
        if not -math.inf < self.lowest < self.highest < math.inf:
            raise ValueError(
                f"lowest = {self.lowest!r:.40}, highest = {self.highest!r:.40}; "
                "expected two numbers, the first less than the second"
            )

    def __str__(self) -> str:
        return f"from {self.lowest:g} to {self.highest:g}"

    def target(self, score: float) -> float:
        """The number that a model learns for a score."""
        return 2 * (score - self.lowest) / (self.highest - self.lowest) - 1

    def scores(self, targets: NDArray[Any]) -> NDArray[Any]:
        """The scores of a model's numbers, limited to the ends of the scale."""
        import numpy as np

        share = (targets + 1) / 2  # [numbers]
        return np.clip(self.lowest + share * (self.highest - self.lowest), self.lowest, self.highest)

    def band(self, score: float) -> str:
        """The part of the scale with this score, such as ``"4 to 5"``; a part includes its lower end."""
        width = (self.highest - self.lowest) / BANDS
        # 0.6 / 0.2 is slightly less than 3 in binary; rounding puts the score into the right part.
        position = min(int(round((score - self.lowest) / width, 9)), BANDS - 1)
        low = self.lowest + position * width
        return f"{low:g} to {low + width:g}"
