"""Prepares what a population is trained with: the model by its strategy, and the data in buckets.

Everything here is the same for all trials.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from adaptkit.data.encode import Bucket, collate_narrow, encode_in_columns, length_of
from adaptkit.data.encoded import EncodedExamples
from adaptkit.data.plan import Plan, bucket_lengths, make_plan
from adaptkit.engine.capacity import free_bytes
from adaptkit.engine.evaluate import ScoringSet
from adaptkit.engine.features import FrozenEncoder
from adaptkit.engine.forward import Forward, autocast_parameters
from adaptkit.engine.patches.fast_paths import FAST_PATHS, patch_model
from adaptkit.engine.patches.last_layer import narrow_for
from adaptkit.engine.patches.vocabulary import occurring, trim
from adaptkit.engine.store import FeatureStore
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import layout_of, read_slot
from adaptkit.models.custom_head import OWN_HEAD
from adaptkit.models.loading import LoadedModel
from adaptkit.strategies.apply import adapted
from adaptkit.strategy import Strategy
from adaptkit.task import Augment, Row, Task
from adaptkit.tasks.calls import calling

LARGEST_MICRO_BATCH = 16
LARGEST_RUN = 64
"""Consecutive examples of one length: with more, the lengths would be mixed too little."""

MOST_OF_FREE_MEMORY = 0.25
"""The share of the device's free memory that one bucket's features may take."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model by its strategy, on its device, and how it is called."""

    module: nn.Module
    forward: Forward
    tokenizer: PreTrainedTokenizerBase
    labels: Sequence[str]
    max_length: int
    encoder: FrozenEncoder | None = None
    """The frozen encoder, if the strategy does not train any of it."""

    narrowable: nn.Module | None = None
    """The encoder in the module, if training runs through it and the head is one of transformers' own."""

    wanted: Collection[str] = FAST_PATHS
    """The fast paths that may be used."""

    patched: Sequence[str] = ()
    """Those that have replaced parts of the module."""


def prepare_model(
    task: Task,
    loaded: LoadedModel,
    labels: Sequence[str],
    strategy: Strategy,
    *,
    device: str,
    bfloat16: bool,
    store: FeatureStore | None = None,
    fast_paths: Collection[str] = FAST_PATHS,
) -> Model:
    """The loaded model as ``strategy`` trains it. A frozen encoder is replaced by its features.

    Args:
        task: the task that reads its outputs.
        loaded: the model with the task's head. Its parts are used and changed.
        labels: the names of the task's labels.
        strategy: what trains.
        device: as "cpu" or "cuda:0".
        bfloat16: whether to compute in bfloat16.
        store: where a frozen encoder's features are kept, by default in memory.
        fast_paths: the names of those that may be used; see `adaptkit.engine.patches`.
    """
    place = torch.device(device)
    module = adapted(loaded, strategy).to(place)
    patched = patch_model(loaded.module, module, fast_paths, bfloat16=bfloat16)
    encoder = cast("nn.Module", loaded.module.base_model)
    names = getattr(loaded.tokenizer, "model_input_names", None) or ["input_ids", "attention_mask"]
    forward = Forward(
        task=task,
        module=module,
        inputs=frozenset({*names, *task.head_inputs}),
        device=place,
        bfloat16=bfloat16,
        halved=autocast_parameters(module, encoder) if bfloat16 else frozenset(),
        augment=_augment(task, loaded.tokenizer),
    )
    model = Model(
        module=module,
        forward=forward,
        tokenizer=loaded.tokenizer,
        labels=labels,
        max_length=loaded.max_length,
        narrowable=None if loaded.head_class == OWN_HEAD else encoder,
        wanted=fast_paths,
        patched=patched,
    )
    if strategy.trains_encoder:
        return model
    frozen = FrozenEncoder(loaded.module, place, bfloat16=bfloat16, store=store, fast_paths=fast_paths)
    if not frozen.cut(task.head_inputs):
        return model
    reads = frozenset({"inputs_embeds", "attention_mask", *task.head_inputs})
    forward = replace(forward, inputs=reads, bfloat16=False, halved=frozenset())  # a head is cheap
    return replace(model, forward=forward, encoder=frozen, narrowable=None)


def _augment(task: Task, tokenizer: PreTrainedTokenizerBase) -> Augment | None:
    """What the task changes in its training batches."""
    if task.augment is None:
        return None
    with calling(task, "augment"):
        return task.augment(tokenizer)


def training_data(
    model: Model, task: Task, rows: Sequence[Row], *,
    micro_batch: int, rungs_per_epoch: int, seed: int, run: int = 1,
) -> tuple[Plan, list[Bucket]]:  # fmt: skip
    """The plan of an epoch, and its buckets on the device."""
    examples = encode_in_columns(task, rows, model.tokenizer, model.labels, model.max_length)
    lengths = examples.lengths.tolist()
    plan = make_plan(lengths, micro_batch=micro_batch, rungs_per_epoch=rungs_per_epoch, seed=seed, run=run)
    return plan, buckets_of(model, task, plan, examples)


def buckets_of(model: Model, task: Task, plan: Plan, examples: EncodedExamples) -> list[Bucket]:
    """The examples in the plan's buckets, on the device."""
    return [
        _ready(model, collate_narrow(task, examples, members, model.tokenizer, min(length, model.max_length)))
        for length, members in zip(plan.lengths, plan.members, strict=True)
    ]


def scoring_data(
    model: Model, task: Task, rows: Sequence[Row], change: Callable[[Bucket], Bucket] = lambda one: one
) -> ScoringSet:
    """The rows ready to be predicted, in buckets of similar length, each ``change``d when it is made."""
    examples = encode_in_columns(task, rows, model.tokenizer, model.labels, model.max_length)
    return scoring_set(model, task, rows, examples, change)


def scoring_set(
    model: Model, task: Task, rows: Sequence[Row], examples: EncodedExamples,
    change: Callable[[Bucket], Bucket] = lambda one: one,
) -> ScoringSet:  # fmt: skip
    """The same, given the examples of the rows."""
    lengths = examples.lengths  # [examples]
    edges = bucket_lengths(lengths.tolist()) if len(lengths) else []
    order = np.argsort(lengths, kind="stable")
    ends = np.searchsorted(lengths[order], edges, side="right")  # [edges]
    members = zip(edges, np.split(order, ends[:-1]), strict=True) if edges else ()
    made = (
        _ready(model, collate_narrow(task, examples, positions, model.tokenizer, min(edge, model.max_length)))
        for edge, positions in members
        if len(positions)
    )
    buckets = list(map(change, made))
    return ScoringSet(task=task, labels=model.labels, rows=rows, examples=examples, buckets=buckets)


def make_training(
    model: Model,
    task: Task,
    train: Sequence[Row],
    dev: Sequence[Row],
    *,
    batch_sizes: Sequence[int],
    rungs_per_epoch: int,
    seed: int,
    metric: str,
    direction: str,
) -> Training:
    """Everything that a population is trained with.

    Args:
        model: what `prepare_model` returned. Fast paths that depend on the data are applied to it here.
        task: the task of model and rows.
        train: the rows to train on.
        dev: the rows to score on.
        batch_sizes: the effective batch sizes that trials may have.
        rungs_per_epoch: how often the trials are scored in an epoch.
        seed: decides how examples are put into buckets.
        metric: the score to optimise.
        direction: "maximize" or "minimize".
    """
    micro_batch = micro_batch_for(batch_sizes)
    plan, buckets = training_data(
        model, task, train, micro_batch=micro_batch, run=run_for(batch_sizes, micro_batch),
        rungs_per_epoch=rungs_per_epoch, seed=seed,
    )  # fmt: skip
    return assembled(model, plan, buckets, scoring_data(model, task, dev), metric=metric, direction=direction)


def assembled(
    model: Model, plan: Plan, buckets: Sequence[Bucket], scored: ScoringSet, *, metric: str, direction: str
) -> Training:
    """The training of these parts, with the fast paths that depend on the data applied to the model."""
    used = narrow_and_trim(model, buckets, tokens := occurring([*buckets, *scored.buckets]))
    layout = layout_of(model.module)
    return Training(
        forward=model.forward,
        layout=layout,
        initial=read_slot(model.module, layout),
        plan=plan,
        buckets=buckets,
        dev=scored,
        metric=metric,
        direction=direction,
        vocabulary=tokens if "vocabulary" in used else None,
        fast_paths=used,
    )


def narrow_and_trim(model: Model, buckets: Sequence[Bucket], tokens: torch.Tensor) -> tuple[str, ...]:
    """Applies the fast paths that depend on the data; gives the names of all that are in use.

    Args:
        model: the model to apply them to.
        buckets: the training examples.
        tokens: ``[occurring]``, the ids of the tokens in the study's data.
    """
    used = {*model.patched, *(() if model.encoder is None else model.encoder.in_use)}
    if "last_layer" in model.wanted and model.narrowable is not None:
        used |= {"last_layer"} if narrow_for(model.forward, model.narrowable, buckets) else set()
    # An augmented batch may have tokens that are not in the data.
    trims = "vocabulary" in model.wanted and model.forward.augment is None
    if trims and trim(model.module, tokens) is not None:
        used.add("vocabulary")
    return tuple(name for name in FAST_PATHS if name in used)


def make_solver_training(
    model: Model, task: Task, rows: Sequence[Row], *, seed: int, metric: str, direction: str
) -> Training:
    """The same rows for training and for scoring, for heads that are solved with folds."""
    scored = scoring_data(model, task, rows)
    lengths = [length_of(example) for example in scored.examples]
    layout = layout_of(model.module)
    return Training(
        forward=model.forward,
        layout=layout,
        initial=read_slot(model.module, layout),
        plan=make_plan(lengths, micro_batch=1, rungs_per_epoch=1, seed=seed),
        buckets=scored.buckets,
        dev=scored,
        metric=metric,
        direction=direction,
    )


def micro_batch_for(batch_sizes: Sequence[int]) -> int:
    """The examples of a micro-step: the largest number that divides every effective batch size."""
    shared = math.gcd(*batch_sizes)
    return max(size for size in range(1, min(shared, LARGEST_MICRO_BATCH) + 1) if shared % size == 0)


def run_for(batch_sizes: Sequence[int], micro_batch: int) -> int:
    """The most micro-steps in a row on one bucket."""
    return max(1, min(max(batch_sizes), LARGEST_RUN) // micro_batch)


def rungs_per_epoch_for(train_rows: int, dev_rows: int) -> int:
    """The most rungs per epoch for which scoring costs less than about a fifth of training, at most four.

    A step forward and backward costs about three times a step forward.
    """
    return min(4, max(1, int(0.2 * 3 * train_rows / max(dev_rows, 1))))


def _ready(model: Model, bucket: Bucket) -> Bucket:
    """The bucket on the device; under a frozen encoder with features in the place of its tokens."""
    if model.encoder is None:
        return bucket.to(model.forward.device)
    names: Any = getattr(model.tokenizer, "model_input_names", None) or ["input_ids", "attention_mask"]
    features, device = model.encoder.encode(bucket, frozenset(names)), model.forward.device
    # A bucket that would fill a GPU stays in main memory; its examples are moved when they are needed.
    takes = features.tensors["inputs_embeds"].nbytes
    return features.to(device) if takes < MOST_OF_FREE_MEMORY * free_bytes(device) else features
