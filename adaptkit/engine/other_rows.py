"""A training with other rows: all rows to train on, or rows of its own for each of several splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from adaptkit.data.encode import encode_in_columns, length_of
from adaptkit.data.plan import make_plan
from adaptkit.data.subsets import make_plan_for
from adaptkit.engine.prepare import (
    Model,
    assembled,
    buckets_of,
    make_solver_training,
    micro_batch_for,
    run_for,
    scoring_set,
    training_data,
)
from adaptkit.engine.splits import Splits
from adaptkit.engine.training import Training
from adaptkit.task import Row, Task


def with_rows(training: Training, model: Model, task: Task, rows: Sequence[Row], *, seed: int) -> Training:
    """The training with other rows to train on. No tokens may occur in them that do not in the study."""
    plan = training.plan
    plan, buckets = training_data(
        model, task, rows,
        micro_batch=plan.micro_batch, run=plan.run, rungs_per_epoch=plan.rungs_per_epoch, seed=seed,
    )  # fmt: skip
    return replace(training, plan=plan, buckets=buckets)


def make_split_training(
    model: Model, task: Task, rows: Sequence[Row], held_out: Mapping[int, Sequence[int]], *,
    batch_sizes: Sequence[int], rungs_per_epoch: int, seed: int, metric: str, direction: str,
) -> Training:  # fmt: skip
    """Everything that a population is trained with whose trials have rows of their own, by their splits.

    Args:
        model: what `prepare_model` returned.
        task: the task of model and rows.
        rows: all rows. A trial is trained on those that its split does not hold out.
        held_out: split → the positions of the rows that score its trials, ascending; 0 is one of the splits.
        batch_sizes: the effective batch sizes that trials may have.
        rungs_per_epoch: how often the trials are scored in an epoch.
        seed: decides how examples are put into buckets.
        metric: the score to optimise.
        direction: "maximize" or "minimize".
    """
    examples = encode_in_columns(task, rows, model.tokenizer, model.labels, model.max_length)
    every = scoring_set(model, task, rows, examples)
    splits, micro_batch = Splits(every, held_out), micro_batch_for(batch_sizes)
    positions = np.arange(len(examples))
    subsets = {split: np.setdiff1d(positions, splits.examples(split)) for split in held_out}
    plan = make_plan_for(
        examples.lengths.tolist(), subsets,
        micro_batch=micro_batch, rungs_per_epoch=rungs_per_epoch, seed=seed,
        run=run_for(batch_sizes, micro_batch),
    )  # fmt: skip
    buckets = buckets_of(model, task, plan, examples)
    training = assembled(model, plan, buckets, every, metric=metric, direction=direction)
    return replace(training, dev=splits.scored(0), splits=splits)


def make_split_solver_training(
    model: Model, task: Task, rows: Sequence[Row], held_out: Mapping[int, Sequence[int]], *,
    seed: int, metric: str, direction: str,
) -> Training:  # fmt: skip
    """The same for heads that are solved."""
    training = make_solver_training(model, task, rows, seed=seed, metric=metric, direction=direction)
    splits = Splits(training.dev, held_out)
    others = np.setdiff1d(np.arange(len(splits.every.examples)), splits.examples(0))
    lengths = [length_of(splits.every.examples[place]) for place in others.tolist()]
    plan = make_plan(lengths, micro_batch=1, rungs_per_epoch=1, seed=seed)
    return replace(training, plan=plan, dev=splits.scored(0), splits=splits)
