"""The head that trials of `lora` and `full` start with: solved on the frozen encoder.

A new head is of no use at first, and what it then asks of the encoder makes the encoder worse (Kumar et al.
2022, https://arxiv.org/abs/2202.10054). A solved head starts where `frozen` ends, and the encoder is trained
from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from adaptkit.engine.objective import Objective, linear_head
from adaptkit.engine.prepare import Model, make_solver_training, scoring_data
from adaptkit.engine.scoring import score_slot
from adaptkit.engine.solver import ALL_ROWS
from adaptkit.engine.train import Training
from adaptkit.engine.trial_stack import views
from adaptkit.task import Row, Scores, Task


@dataclass(frozen=True, kw_only=True)
class SolvedHead:
    """A head solved on a frozen encoder, and what it scores."""

    weights: Mapping[str, torch.Tensor]
    """The name of each parameter of the head → its values."""

    scores: Scores
    """On the dev rows."""


def solve_head(
    model: Model, task: Task, train: Sequence[Row], dev: Sequence[Row], *,
    l2: float, seed: int, metric: str, direction: str,
    weigh: Callable[[Training], Training] = lambda training: training,
) -> SolvedHead | None:  # fmt: skip
    """The head that minimises the penalised loss on the training rows; None if it is not one linear layer.

    Args:
        model: with the strategy `frozen`.
        task: the task of model and rows.
        train: the rows to solve the head on.
        dev: the rows to score it on.
        l2: the weight of the penalty, as in `adaptkit.engine.solver`.
        seed: of the plan of the data.
        metric: the score to optimise.
        direction: "maximize" or "minimize".
        weigh: gives the training its weights of the classes.

    Raises:
        TrialError: the dev rows cannot be scored.
    """
    solving = weigh(make_solver_training(model, task, train, seed=seed, metric=metric, direction=direction))
    head = linear_head(solving)
    if head is None:
        return None
    objective = Objective(solving, head, None)
    point, _, _ = objective.minimum(l2, np.zeros(solving.layout.width), without=ALL_ROWS)
    solution = objective.parameters(point)  # [P]
    parameters = views(solving.layout, solution.unsqueeze(0))  # name → [1, *shape]
    _, scores = score_slot(replace(solving, dev=scoring_data(model, task, dev)), solution)
    return SolvedHead(weights={name: tensor[0] for name, tensor in parameters.items()}, scores=scores)
