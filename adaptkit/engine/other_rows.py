"""A training with other rows: all rows to train on, or rows of its own for each of several splits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from adaptkit.data.encode import encode_in_columns
from adaptkit.data.subsets import make_plan_for
from adaptkit.engine.prepare import Model, buckets_of, scoring_data, training_data
from adaptkit.engine.train import Training
from adaptkit.task import Row, Task


def with_rows(training: Training, model: Model, task: Task, rows: Sequence[Row], *, seed: int) -> Training:
    """The training with other rows to train on. No tokens may occur in them that do not in the study."""
    plan = training.plan
    plan, buckets = training_data(
        model, task, rows,
        micro_batch=plan.micro_batch, run=plan.run, rungs_per_epoch=plan.rungs_per_epoch, seed=seed,
    )  # fmt: skip
    return replace(training, plan=plan, buckets=buckets)


def with_splits(
    training: Training, model: Model, task: Task, rows: Sequence[Row], held_out: Mapping[int, Sequence[int]],
    *, seed: int,
) -> Training:  # fmt: skip
    """The training with trials that have rows of their own: each is trained on the rows outside its split.

    Args:
        training: of the same rows, so that no other tokens occur.
        model: the model of the training.
        task: its task.
        rows: all rows.
        held_out: split → the positions of the rows that score its trials.
        seed: decides the order of the buckets.
    """
    plan = training.plan
    examples = encode_in_columns(task, rows, model.tokenizer, model.labels, model.max_length)
    of_row = np.array([example.row for example in examples])  # [examples]
    subsets = {split: np.flatnonzero(~np.isin(of_row, held)) for split, held in held_out.items()}
    plan = make_plan_for(
        examples.lengths.tolist(), subsets,
        micro_batch=plan.micro_batch, rungs_per_epoch=plan.rungs_per_epoch, run=plan.run, seed=seed,
    )  # fmt: skip
    return replace(
        training, plan=plan, buckets=buckets_of(model, task, plan, examples),
        scored={
            split: scoring_data(model, task, [rows[position] for position in held])
            for split, held in held_out.items()
        },
    )  # fmt: skip
