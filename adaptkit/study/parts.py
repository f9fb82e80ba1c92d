"""Parts of a study's records: a trial's score after one rung, and a split as it was read."""

from __future__ import annotations

from dataclasses import dataclass

from adaptkit.config import STRICT


@dataclass(frozen=True, kw_only=True)
class RungRecord:
    """A trial's score after one rung."""

    __pydantic_config__ = STRICT

    epoch: float
    """Epochs trained so far; a fraction within an epoch."""

    score: float
    loss: float
    """The mean training loss, per item, since the rung before."""


@dataclass(frozen=True, kw_only=True)
class SplitRecord:
    """One of train, dev and test, as it was read."""

    __pydantic_config__ = STRICT

    source: str
    rows: int
    skipped: int = 0
    """Rows that were left out, by --skip-bad-rows or by the task."""

    unknown_labels: int = 0
    """Those of them that have a label which the model does not have: no score counts them as errors."""

    examples: int = 0
    """Model inputs made from the rows; more than the rows if long rows are split into windows."""
