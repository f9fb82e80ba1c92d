"""When a trial ends without a better score, and which of its rungs is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig

FEWEST_WITHOUT_GAIN = 3
"""The least evaluations without a better score that end a trial. Chosen, not measured."""

TOLERANCE = 1.0
"""Standard errors, as measured: see benchmarks/curves."""

FIRST_WITH_TOLERANCE = 9
"""The version of the ranges since which a trial keeps a later rung than its best one."""


@dataclass(frozen=True, kw_only=True)
class EvaluationRule:
    """See `adaptkit.engine.types.Trial`, which has the same fields."""

    patience: int = 0
    tolerance: float = 0.0


BEST_RUNG = EvaluationRule()
"""No trial ends early, and each keeps its best rung."""


def evaluation_rule(config: StudyConfig, ranges: int, rungs: int) -> EvaluationRule:
    """The rule for trials with so many rungs.

    Args:
        config: the configuration; its patience is half of the rungs if it is not set.
        ranges: the version of the study's ranges. Studies of version 0.1.0 had no patience by default.
        rungs: of a complete trial.
    """
    usual = 0 if ranges == 1 else max(FEWEST_WITHOUT_GAIN, -(-rungs // 2))
    given = config.search.patience
    return EvaluationRule(
        patience=usual if given is None else given,
        tolerance=TOLERANCE if ranges >= FIRST_WITH_TOLERANCE else 0.0,
    )
