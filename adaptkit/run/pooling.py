"""How the head of a new study pools: as configured, as the model declares, or chosen by cross-validation.

A choice costs hardly more than the study alone: the encoder reads the rows once for all poolings of the same
tokens, and the study finds in the cache what was read.
"""

from __future__ import annotations

import math
import random
from dataclasses import replace
from typing import TYPE_CHECKING

from adaptkit.errors import TrialError
from adaptkit.run.penalty import penalty_space
from adaptkit.run.resolve import Machine, strategy_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows
    from adaptkit.report.progress import Progress
    from adaptkit.run.context import Clock
    from adaptkit.run.method import Method
    from adaptkit.study.provenance import Provenance
    from adaptkit.task import Task

PAIR = "pair"

MOST_ROWS_APART, MOST_ROWS_APART_OTHERWISE = 1_000, 3_000
"""Up to so many rows a sentence encoder reads two texts apart where it is trained for a label; and where it
is trained for a number, as in its own training, or is not trained. `benchmarks/heads` has the scores with
training."""

MOST_ROWS_TO_CHOOSE = 3_000
"""So many rows choose a pooling; of more, so many are drawn. As many as folds score at most."""

FOLDS = 5


def poolings_for(
    config: StudyConfig, task: Task, earlier: Provenance | None, *, rows: int, steps: bool
) -> Sequence[str]:
    """How the head may pool: one way, or several of which the best is to be chosen.

    As configured, else as in the started study, else as the model folder declares. A model that declares
    nothing leaves it open for a head that is solved; a head that is trained in steps is the checkpoint's. So
    is a head on two texts that are read together while the encoder is trained.

    Vectors are divided by their length, as the folder may declare, for heads that are solved alone. The two
    texts of a row are read apart if the head is solved, and by a sentence encoder on few rows.

    Args:
        config: the configuration.
        task: the task.
        earlier: what the study resolved to when it started, if it has.
        rows: how many training rows there are.
        steps: whether options ask for gradient steps.
    """
    if config.pooling != "auto":
        return (config.pooling,)
    return (earlier.pooling,) if earlier else _of_the_model(config, task, rows=rows, steps=steps)


def _of_the_model(config: StudyConfig, task: Task, *, rows: int, steps: bool) -> Sequence[str]:
    from adaptkit.models.files import locate
    from adaptkit.models.pooling import (
        CHECKPOINT,
        NORMALIZED,
        POOLED_HEADS,
        declared_pooling,
        declares_normalized,
    )

    if task.head not in POOLED_HEADS:
        return (CHECKPOINT,)
    trains = strategy_of(config).trains_encoder
    solved = not trains and not steps
    location = locate(config.model)
    declared = declared_pooling(location)
    if solved and not declared:
        return (*([PAIR] if task.text_pair else []), "mean", "first")
    if task.text_pair and (solved or (declared and rows <= _most_rows_apart(task, trains=trains))):
        return (PAIR,)
    if task.text_pair and trains:
        return (CHECKPOINT,)
    if solved and declares_normalized(location):
        return (f"{NORMALIZED}{declared}",)
    return (declared or CHECKPOINT,)


def _most_rows_apart(task: Task, *, trains: bool) -> int:
    """Up to how many rows a sentence encoder, which is trained or not, reads two texts apart."""
    numbers = task.config_overrides.get("problem_type") == "regression"
    return MOST_ROWS_APART if trains and not numbers else MOST_ROWS_APART_OTHERWISE


def choose_pooling(
    config: StudyConfig, task: Task, data: Dataset, method: Method, metric: tuple[str, str],
    progress: Progress, clock: Clock,
) -> Method:  # fmt: skip
    """The method with the pooling whose solved head is best on rows that it was not solved on.

    Args:
        config: the configuration.
        task: the task as its plugin gives it.
        data: the rows; the test rows have no part.
        method: the method, with its `Method.poolings`.
        metric: the optimised metric's name and direction.
        progress: shows what is chosen.
        clock: takes the time.

    Returns:
        The method itself if only one pooling is possible, or if the heads cannot be scored.

    Raises:
        ModelError: the model cannot be loaded.
        Interrupted: a signal was received.
    """
    if len(method.poolings) < 2:
        return method
    progress.phase(f"choosing the pooling: {' or '.join(method.poolings)}")
    rows = _drawn(data.train.joined(data.dev) if data.dev_from_train else data.train, config.seed)
    with clock.phase("features"):
        try:
            scores = _scores(config, task, data, rows, method, metric)
        except TrialError as error:
            progress.note(f"pooling: {method.pooling}, as a head cannot be scored: {error}")
            return method
    sign = -1 if metric[1] == "minimize" else 1
    best = max(scores, key=lambda pooling: sign * scores[pooling])  # the first of equal ones
    found = ", ".join(f"{pooling} {score:.4f}" for pooling, score in scores.items())
    progress.note(f"pooling: {best}, as the model declares none; cross-validated {metric[0]}: {found}")
    return replace(method, pooling=best, pooling_scores=scores)


def _drawn(rows: Rows, seed: int) -> Rows:
    """The rows, or `MOST_ROWS_TO_CHOOSE` of them at random."""
    if len(rows) <= MOST_ROWS_TO_CHOOSE:
        return rows
    drawn = random.Random(seed).sample(range(len(rows)), MOST_ROWS_TO_CHOOSE)  # noqa: S311 (no secret)
    return rows.take(sorted(drawn))


def _scores(
    config: StudyConfig, task: Task, data: Dataset, rows: Rows, method: Method, metric: tuple[str, str]
) -> Mapping[str, float]:
    """Pooling → the mean score of its head over the folds; raises TrialError if there is none."""
    import numpy as np

    from adaptkit.data.folds import folds_of, groups_of

    count = min(FOLDS, len(set(groups_of(task, rows))))
    if count < 2:
        raise TrialError("the rows are one group, which cannot be divided into folds")
    folds = folds_of(task, rows, count, config.seed)  # [rows]
    held_out = {fold: np.flatnonzero(folds == fold).tolist() for fold in range(count)}
    machine = Machine.of(config)
    found = {
        pooling: _score(config, task, data, rows, replace(method, pooling=pooling), metric, held_out, machine)
        for pooling in method.poolings
    }
    if not all(map(math.isfinite, found.values())):
        raise TrialError("a score is not a finite number")
    return found


def _score(
    config: StudyConfig, task: Task, data: Dataset, rows: Rows, method: Method, metric: tuple[str, str],
    held_out: Mapping[int, Sequence[int]], machine: Machine,
) -> float:  # fmt: skip
    """The mean over the folds of what a head scores that was solved without the fold."""
    from adaptkit.cache.features import FeaturesOnDisk
    from adaptkit.engine.head_init import solve_heads
    from adaptkit.models.depth import with_layers
    from adaptkit.models.loading import load_model
    from adaptkit.models.pooling import with_pooling
    from adaptkit.run.head_init import frozen_model

    built = with_layers(with_pooling(task, method.pooling), method.layers)
    loaded = load_model(built, config.model, data.labels, seed=config.seed, max_length=config.max_length)
    store = FeaturesOnDisk(machine.cache, {"model": config.model, "data": data.train.source})
    model = frozen_model(built, data, loaded, machine, store)
    if model.encoder is not None and method.pooling != PAIR:
        model.encoder.beside = [one for one in method.poolings if one not in (PAIR, method.pooling)]
    heads = solve_heads(
        model, built, rows.values, held_out,
        l2=penalty_space(task, method.pooling, method.ranges).default_l2,
        seed=config.seed, metric=metric[0], direction=metric[1], most_rows=len(rows),
        weigh=lambda training: method.weighting.applied(training, data.labels),
    )  # fmt: skip
    if not heads:
        raise TrialError("it is not one linear layer")
    return sum(head.scores.values[metric[0]] for head in heads.values()) / len(heads)
