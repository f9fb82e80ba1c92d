"""The rows that score a trial with rows of its own: it is trained on all others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from adaptkit.engine.evaluate import ScoringSet


@dataclass(frozen=True)
class Splits:
    """Several ways to hold out some of the same rows."""

    every: ScoringSet
    """All rows."""

    held_out: Mapping[int, Sequence[int]]
    """The number of a split → the positions of the rows that score its trials, ascending."""

    def examples(self, split: int) -> NDArray[np.int64]:
        """``[some]``: the positions of the examples of the rows that are held out."""
        return np.flatnonzero(np.isin(self._row_of, self.held_out[split]))

    @cached_property
    def _row_of(self) -> NDArray[np.int64]:
        """``[examples]``: the row of each."""
        return np.array(self.every.row_of, dtype=np.int64)

    def scored(self, split: int) -> ScoringSet:
        """The rows that are held out. They are taken anew each time, as each split has other ones."""
        held = self.held_out[split]
        row = {position: place for place, position in enumerate(held)}
        examples = self.examples(split).tolist()
        place_of = {position: place for place, position in enumerate(examples)}
        buckets = []
        for bucket in self.every.buckets:
            places = [place for place, position in enumerate(bucket.positions) if position in place_of]
            if places:
                part = bucket.take(torch.tensor(places, device=bucket.tensors.device))
                buckets.append(replace(part, positions=[place_of[position] for position in part.positions]))
        return replace(
            self.every,
            rows=[self.every.rows[position] for position in held],
            examples=[replace(one := self.every.examples[place], row=row[one.row]) for place in examples],
            buckets=buckets,
        )  # fmt: skip
