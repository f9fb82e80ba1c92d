"""What the search suggests, and the seeds of its random draws."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

DRAWN_FOR = "drawn for"
"""The attribute of Optuna's study that says what draws depend on; studies of version 0.1.0 have none."""

CONFIGURATIONS = "configurations"
"""Its value: draws depend on the number of configurations, and not on that of the trials as in 0.1.0."""


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A trial to train."""

    number: int
    hyperparameters: Mapping[str, float]
    """``learning_rate``, ``batch_size``, ``epochs``, ``weight_decay``, ``warmup``; or ``l2`` alone."""

    seed: int
    origin: str
    """"default", "search", or "retry of trial 3"."""

    split: int = 0
    """The number of its split into training and dev rows; 0 unless each configuration has another one."""

    @property
    def is_default(self) -> bool:
        """Whether it has the strategy's default hyperparameters, in the first attempt or a retry."""
        return self.origin in ("default", "retry of trial 0")


def first_of_attempts(number: int, origin: str) -> int:
    """The number of the trial that the trial of this number and origin retries, or its own."""
    found = re.fullmatch(r"retry of trial (\d+)", origin)
    return int(found[1]) if found else number


def derived(seed: int, purpose: str, number: int) -> int:
    """A seed of 31 bits that differs for each purpose and number."""
    digest = hashlib.sha256(f"{seed} {purpose} {number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
