"""The weight of the L2 penalty on a head that is solved: which weights are searched, and the default.

The features are standardised, and the penalty is added to the mean loss, so the best weight follows from the
loss: squared error on two texts needs much more than cross-entropy. The defaults are from studies of 200 and
1,000 rows, five data sets, two draws of the rows each; `benchmarks/baselines` has the scores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.models.pooling import CHECKPOINT, PAIR
from adaptkit.search.space import PenaltySpace

if TYPE_CHECKING:
    from adaptkit.task import Task

ONE_LABEL = "single_label_classification"
FIRST_BY_LOSS = 4
"""The version of the ranges that has others for each loss."""

FIRST_FOR_NUMBERS = 6
"""The version that has its own for numbers that are not those of pairs."""

USUAL = PenaltySpace(l2=(1e-4, 1.0), default_l2=5e-3)
ONE_LABEL_PER_TEXT = PenaltySpace(l2=(1e-4, 1.0), default_l2=2e-2)

PAIRS = PenaltySpace(l2=(1e-2, 100.0), default_l2=1.0)
"""A head on two texts has four times as many features, and is fitted to noise sooner."""

NUMBERS_OF_PAIRS = PenaltySpace(l2=(1e-1, 1000.0), default_l2=25.0)

NUMBERS = PenaltySpace(l2=(1e-3, 10.0), default_l2=2e-1)
"""On the dev rows of stsb, read together, 0.2 has the best correlation, and 5e-3 an error 12% larger; see
`benchmarks/heads`."""


def penalty_space(task: Task, pooling: str, version: int) -> PenaltySpace:
    """What is searched for a head that is solved.

    Args:
        task: the task; its ``problem_type``, if it has one, is that of transformers' configuration.
        pooling: how the head pools.
        version: of the ranges; see `adaptkit.search.space`.
    """
    kind = task.config_overrides.get("problem_type", ONE_LABEL)
    if version < FIRST_BY_LOSS:
        return PAIRS if pooling == PAIR else USUAL
    if pooling == PAIR:
        return NUMBERS_OF_PAIRS if kind == "regression" else PAIRS
    if kind == "regression" and version >= FIRST_FOR_NUMBERS:
        return NUMBERS
    return ONE_LABEL_PER_TEXT if kind == ONE_LABEL and pooling != CHECKPOINT else USUAL
