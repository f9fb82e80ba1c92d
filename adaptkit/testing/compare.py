"""Compares values up to the rounding of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

TOLERANCE = 1e-4


def alike(one: Any, other: Any) -> bool:
    """Whether two values are equal up to the rounding of numbers."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return set(one) == set(other) and all(alike(value, other[key]) for key, value in one.items())
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, (np.ndarray, torch.Tensor)) or isinstance(other, (np.ndarray, torch.Tensor)):
        return alike(np.asarray(one).tolist(), np.asarray(other).tolist())
    if isinstance(one, (float, np.floating)) and isinstance(other, (float, np.floating)):
        return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE) or one == other
    return bool(one == other)


def difference(found: torch.Tensor, expected: torch.Tensor) -> float:
    """The largest difference of two tensors of the same shape, relative to the largest expected number."""
    if found.numel() == 0:
        return 0.0
    return float((found - expected).abs().max() / expected.abs().max().clamp_min(1e-3))
