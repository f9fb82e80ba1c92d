"""Where features are kept: the protocol, and a store in memory.

The store on disk, for features larger than memory and for the next study, is in `adaptkit.cache`: the engine
does not depend on files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import torch


class FeatureStore(Protocol):
    """Keeps features in half precision, under the fingerprint of everything that they depend on."""

    def find(self, key: str) -> torch.Tensor | None:
        """The features ``[examples, ...]`` kept under the key; None if there are none or they are damaged."""

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """Keeps and returns the features of this shape; their parts follow one another along dimension 0."""


class InMemory:
    """Keeps features as long as they are referred to."""

    def find(self, key: str) -> torch.Tensor | None:
        """None: nothing is kept from before."""
        return None

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """The parts as one tensor."""
        return gathered(shape, parts)


def gathered(shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
    """The parts one after another in a tensor of this shape, with one part in memory beside it."""
    features = torch.empty(tuple(shape), dtype=torch.float16)
    start = 0
    for part in parts:
        features[start : start + len(part)] = part
        start += len(part)
    return features
