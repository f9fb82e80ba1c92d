"""Where kept features lie: what the engine asks of such a place, and memory as the simplest one.

A place on disk, for features larger than memory and for the next study, is handed in from outside:
the engine knows no files.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import torch


class FeatureStore(Protocol):
    """Keeps features, in half precision, each under the fingerprint of all they depend on."""

    def find(self, key: str) -> torch.Tensor | None:
        """The features ``[examples, ...]`` that were kept under the key, whole and unharmed; else None."""

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """The features of this shape, whose parts come one after another along dimension 0."""


class InMemory:
    """Keeps features as long as somebody holds them."""

    def find(self, key: str) -> torch.Tensor | None:
        """None: nothing is kept from before."""
        return None

    def keep(self, key: str, shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
        """The parts as one tensor."""
        return gathered(shape, parts)


def gathered(shape: Sequence[int], parts: Iterable[torch.Tensor]) -> torch.Tensor:
    """The parts one after another in a tensor of this shape; no more than that and one part is held."""
    whole = torch.empty(tuple(shape), dtype=torch.float16)
    start = 0
    for part in parts:
        whole[start : start + len(part)] = part
        start += len(part)
    return whole
