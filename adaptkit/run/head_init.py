"""Gives the head of a model its first weights, solved on the frozen encoder, before its trials start."""

from __future__ import annotations

import random
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.errors import TrialError
from adaptkit.run.penalty import penalty_space
from adaptkit.run.reshuffling import NONE_HELD_OUT, HeldOut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.head_init import SolvedHead
    from adaptkit.engine.prepare import Model
    from adaptkit.engine.store import FeatureStore
    from adaptkit.models.loading import LoadedModel
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.run.resolve import Machine
    from adaptkit.task import Row, Task

START = "frozen encoder, solved head"
"""The name of the start of all trials among the baselines."""

MOST_ROWS = 5_000
"""Up to so many training rows solve the head; of more, so many are drawn. Chosen, not measured."""


def initialize_head(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, loaded: LoadedModel,
    machine: Machine, method: Method, held_out: HeldOut = NONE_HELD_OUT,
) -> Mapping[int, SolvedHead]:  # fmt: skip
    """Solve the head of the loaded model on the frozen encoder, and record what it scores on dev.

    The head stays random if it has no last linear layer, or if the solved head cannot be scored.

    Returns:
        The number of each split → the head that its trials start with; empty without splits.
    """
    from adaptkit.cache.features import FeaturesOnDisk
    from adaptkit.engine.head_init import solve_head, solve_heads

    context.progress.phase("solving the head to start with")
    aim: dict[str, Any] = {
        "metric": context.summary.metric, "direction": context.summary.direction, "seed": config.seed,
        "l2": penalty_space(task, method.pooling, method.ranges).default_l2,
        "weigh": lambda training: method.weighting.applied(training, data.labels),
    }  # fmt: skip
    with context.clock.phase("features"):
        about = {"model": config.model, "data": context.summary.data["train"].source}
        model = frozen_model(task, data, loaded, machine, FeaturesOnDisk(machine.cache, about))
        heads: Mapping[int, SolvedHead] = {}
        try:
            if held_out:
                rows = [*data.train.values, *data.dev.values]
                heads = solve_heads(model, task, rows, held_out, most_rows=MOST_ROWS, **aim)
                solved = heads.get(0)
            else:
                train = _some(data.train.values, config.seed)
                solved = solve_head(model, task, train, data.dev.values, **aim)
        except TrialError as error:
            context.progress.note(f"the head starts at random: {error}")
            return {}
    if solved is None:
        context.progress.note("the head starts at random: no linear layer gives its outputs")
        return {}
    put_head(loaded, solved)
    context.write(
        baselines={**context.summary.baselines, START: solved.scores.values},
        start_scores={**context.summary.start_scores, **_scores(heads)},
    )
    return heads


def _scores(heads: Mapping[int, SolvedHead]) -> dict[str, Mapping[str, float]]:
    """The number of each split → what its head scores."""
    return {str(split): head.scores.values for split, head in heads.items()}


def frozen_model(
    task: Task, data: Dataset, loaded: LoadedModel, machine: Machine, store: FeatureStore
) -> Model:
    """A copy of the model with a frozen encoder, whose features are kept in the store."""
    from adaptkit.engine.prepare import prepare_model
    from adaptkit.strategies.registry import built_in

    return prepare_model(
        task,
        replace(loaded, module=deepcopy(loaded.module)),
        data.labels,
        built_in("frozen"),
        device=machine.device,
        bfloat16=machine.precision == "bf16",
        store=store,
    )


def _some(rows: Sequence[Row], seed: int) -> Sequence[Row]:
    """The rows, or `MOST_ROWS` of them at random."""
    if len(rows) <= MOST_ROWS:
        return rows
    return random.Random(seed).sample(list(rows), MOST_ROWS)  # noqa: S311 (no secret)


def put_head(loaded: LoadedModel, solved: SolvedHead) -> None:
    """Give the head of the loaded model the solved weights."""
    for name, weight in solved.weights.items():
        loaded.module.get_parameter(name).data.copy_(weight)
