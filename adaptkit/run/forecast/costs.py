"""What the measured steps of a forecast come to for the complete study."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What was measured on a part of the rows, for the complete study."""

    seconds: Mapping[str, float]
    """Phase → seconds, in the order of the study."""

    spared_seconds: float = 0.0
    """What pruning and patience are expected to spare; the phases are without it."""

    memory_bytes: int
    """Of the process on the CPU, or of the tensors on a GPU, at most."""

    trained_parameters: int
    """Of one trial."""

    disk_bytes: int
    """Of the study's folder with the exported model."""

    kept_features: int = 0
    """The bytes of a frozen encoder's outputs, which the cache keeps."""

    together: int = 1
    """Trials that are trained together."""
