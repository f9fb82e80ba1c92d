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

from adaptkit.engine.evaluate import ScoringSet
from adaptkit.engine.last_layer import Head, head_with_last_layer
from adaptkit.engine.objective import Objective, linear_head
from adaptkit.engine.prepare import Model, make_solver_training, scoring_data
from adaptkit.engine.scoring import score_slot
from adaptkit.engine.solver import ALL_ROWS
from adaptkit.engine.splits import Splits
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.models.pooled_head import pooled_head
from adaptkit.task import Row, Scores, Task


@dataclass(frozen=True, kw_only=True)
class SolvedHead:
    """A head solved on a frozen encoder, and what it scores."""

    weights: Mapping[str, torch.Tensor]
    """The name of each parameter of the head → its values."""

    scores: Scores
    """On the dev rows."""

    def as_layer(self, name: str) -> SolvedHead:
        """The same head, where its linear layer has this name in the model."""
        return replace(
            self, weights={f"{name}.{own.rpartition('.')[2]}": one for own, one in self.weights.items()}
        )


def solve_head(
    model: Model, task: Task, train: Sequence[Row], dev: Sequence[Row], *,
    l2: float, seed: int, metric: str, direction: str,
    weigh: Callable[[Training], Training] = lambda training: training,
) -> SolvedHead | None:  # fmt: skip
    """The head that minimises the penalised loss on the training rows; None if it cannot be solved.

    A head of transformers with several layers has its last one solved; the others keep their weights.

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
    solving = make_solver_training(model, task, train, seed=seed, metric=metric, direction=direction)
    its = _its_last_layer(solving)
    solving = weigh(its.alone(solving) if its else solving)
    head = linear_head(solving)
    if head is None:
        return None
    scored = scoring_data(model, task, dev, its.read) if its else scoring_data(model, task, dev)
    solved = _solved(Objective(solving, head), scored, l2, ALL_ROWS)
    return solved.as_layer(its.name) if its else solved


def solve_heads(
    model: Model, task: Task, rows: Sequence[Row], held_out: Mapping[int, Sequence[int]], *,
    l2: float, seed: int, metric: str, direction: str, most_rows: int,
    weigh: Callable[[Training], Training] = lambda training: training,
) -> Mapping[int, SolvedHead]:  # fmt: skip
    """The same for each split, by its number: solved without the rows that the split holds out.

    Args:
        model: with the strategy `frozen`.
        task: the task of model and rows.
        rows: the rows of all splits.
        held_out: split → the positions of the rows to score its head on, ascending.
        l2: the weight of the penalty.
        seed: of the plan of the data, and of the rows that are drawn.
        metric: the score to optimise.
        direction: "maximize" or "minimize".
        most_rows: so many rows solve a head; of more, so many are drawn.
        weigh: gives the training its weights of the classes.

    Raises:
        TrialError: the rows of a split cannot be scored.
    """
    solving = make_solver_training(model, task, rows, seed=seed, metric=metric, direction=direction)
    its = _its_last_layer(solving)
    solving = weigh(its.alone(solving) if its else solving)
    head = linear_head(solving)
    if head is None:
        return {}
    splits = Splits(solving.dev, held_out)
    unused = {split: _unused(rows, held, most_rows, seed) for split, held in held_out.items()}
    left_out = Splits(solving.dev, unused)
    objective = Objective(solving, head, {split: left_out.examples(split) for split in held_out})
    solved = {split: _solved(objective, splits.scored(split), l2, split) for split in held_out}
    return {split: one.as_layer(its.name) if its else one for split, one in solved.items()}


def _its_last_layer(solving: Training) -> Head | None:
    """The head, if it has layers before its last one; None if it is one linear layer, or has no last one."""
    return None if pooled_head(solving.forward.module) else head_with_last_layer(solving)


def _unused(rows: Sequence[Row], held: Sequence[int], most: int, seed: int) -> Sequence[int]:
    """The positions of the rows that do not solve the head of a split: held out, or not drawn."""
    outside = np.setdiff1d(np.arange(len(rows)), held)
    drawn = np.random.default_rng(seed).permutation(outside)[:most]
    return [int(place) for place in np.setdiff1d(np.arange(len(rows)), drawn)]


def _solved(objective: Objective, dev: ScoringSet, l2: float, without: int) -> SolvedHead:
    """The head that minimises the objective, and what it scores on the dev rows."""
    layout = objective.training.layout
    point, _, _ = objective.minimum(l2, np.zeros(layout.width), without=without)
    solution = objective.parameters(point)  # [P]
    parameters = views(layout, solution.unsqueeze(0))  # name → [1, *shape]
    _, scores = score_slot(replace(objective.training, dev=dev), solution)
    return SolvedHead(weights={name: tensor[0] for name, tensor in parameters.items()}, scores=scores)


def with_heads(training: Training, heads: Mapping[int, SolvedHead]) -> Training:
    """The training whose trials start with the head of their split. It starts with that of split 0 now.

    A strategy may give the head's parameters other names. They are found by their values.
    """
    if 0 not in heads:
        return training
    start = views(training.layout, training.initial.unsqueeze(0))  # name → [1, *shape]
    names = {
        own: name
        for own, values in heads[0].weights.items()
        for name, its in start.items()
        if its[0].shape == values.shape and torch.equal(its[0].to(values), values)
    }
    return replace(
        training,
        starts={
            split: {names[own]: values for own, values in head.weights.items() if own in names}
            for split, head in heads.items()
        },
    )
