"""Puts together what a population is trained with: the model by its strategy, the data in buckets.

Knows no search and no study; everything it makes is the same for all trials.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import torch
from torch import nn
from transformers import PreTrainedTokenizerBase

from adaptkit.data.encode import Bucket, collate, encode, length_of
from adaptkit.data.plan import Plan, bucket_lengths, make_plan
from adaptkit.engine.capacity import free_bytes
from adaptkit.engine.evaluate import ScoringSet
from adaptkit.engine.features import FrozenEncoder
from adaptkit.engine.forward import Forward, autocast_parameters
from adaptkit.engine.patches.attention import use_attention
from adaptkit.engine.patches.dropout import use_dropout
from adaptkit.engine.patches.last_layer import narrow_for
from adaptkit.engine.patches.lora import use_updates
from adaptkit.engine.patches.vocabulary import occurring, trim
from adaptkit.engine.store import FeatureStore
from adaptkit.engine.train import Training
from adaptkit.engine.trial_stack import layout_of, read_slot
from adaptkit.models.loading import LoadedModel
from adaptkit.strategies import STRATEGIES
from adaptkit.task import Row, Task

LARGEST_MICRO_BATCH = 16
LARGEST_RUN = 64
"""Examples of one length that follow one another: more would mix the lengths too little."""

MOST_OF_FREE_MEMORY = 0.25
"""The share of the device's free memory that one bucket's features may take."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model by its strategy, on its device, and the way it is called."""

    module: nn.Module
    forward: Forward
    tokenizer: PreTrainedTokenizerBase
    labels: Sequence[str]
    max_length: int
    encoder: FrozenEncoder | None = None
    """The frozen encoder, where the strategy leaves it untouched."""

    trained: nn.Module | None = None
    """The encoder within the module, where training runs through it."""


def prepare_model(
    task: Task,
    loaded: LoadedModel,
    labels: Sequence[str],
    strategy: str,
    rank: int,
    *,
    device: str,
    bfloat16: bool,
    store: FeatureStore | None = None,
) -> Model:
    """The loaded model as ``strategy`` trains it; a frozen encoder is cut off and kept beside it.

    Its features lie in ``store``, by default in memory.
    """
    place = torch.device(device)
    use_attention(loaded.module)
    module = STRATEGIES[strategy](loaded, rank).to(place)
    if strategy == "lora":
        use_updates(module, bfloat16=bfloat16)
    use_dropout(module)
    encoder = cast("nn.Module", loaded.module.base_model)
    names = getattr(loaded.tokenizer, "model_input_names", None) or ["input_ids", "attention_mask"]
    forward = Forward(
        task=task,
        module=module,
        inputs=frozenset(names),
        device=place,
        bfloat16=bfloat16,
        halved=autocast_parameters(module, encoder) if bfloat16 else frozenset(),
    )
    model = Model(
        module=module,
        forward=forward,
        tokenizer=loaded.tokenizer,
        labels=labels,
        max_length=loaded.max_length,
        trained=encoder,
    )
    if strategy != "frozen":
        return model
    frozen = FrozenEncoder(loaded.module, place, bfloat16=bfloat16, store=store)
    if not frozen.cut():
        return model
    on_features = replace(forward, inputs=frozenset({"inputs_embeds", "attention_mask"}))
    return replace(model, forward=on_features, encoder=frozen, trained=None)


def training_data(
    model: Model,
    task: Task,
    rows: Sequence[Row],
    *,
    micro_batch: int,
    rungs_per_epoch: int,
    seed: int,
    run: int = 1,
) -> tuple[Plan, list[Bucket]]:
    """The plan of an epoch, and its buckets on the device."""
    examples = encode(task, rows, model.tokenizer, model.labels, model.max_length)
    lengths = [length_of(example) for example in examples]
    plan = make_plan(lengths, micro_batch=micro_batch, rungs_per_epoch=rungs_per_epoch, seed=seed, run=run)
    buckets = [
        _ready(
            model, collate(task, examples, members.tolist(), model.tokenizer, min(length, model.max_length))
        )
        for length, members in zip(plan.lengths, plan.members, strict=True)
    ]
    return plan, buckets


def scoring_data(model: Model, task: Task, rows: Sequence[Row]) -> ScoringSet:
    """The rows ready to be predicted, in buckets of like length."""
    examples = encode(task, rows, model.tokenizer, model.labels, model.max_length)
    lengths = [length_of(example) for example in examples]
    edges = bucket_lengths(lengths) if lengths else []
    members: dict[int, list[int]] = {edge: [] for edge in edges}
    for position in sorted(range(len(lengths)), key=lengths.__getitem__):
        members[next(edge for edge in edges if lengths[position] <= edge)].append(position)
    buckets = [
        _ready(model, collate(task, examples, positions, model.tokenizer, min(edge, model.max_length)))
        for edge, positions in members.items()
        if positions
    ]
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
    """All that a population is trained with."""
    micro_batch = micro_batch_for(batch_sizes)
    plan, buckets = training_data(
        model,
        task,
        train,
        micro_batch=micro_batch,
        run=max(1, min(max(batch_sizes), LARGEST_RUN) // micro_batch),
        rungs_per_epoch=rungs_per_epoch,
        seed=seed,
    )
    scored = scoring_data(model, task, dev)
    if model.trained is not None:
        narrow_for(model.forward, model.trained, buckets)
    tokens = occurring([*buckets, *scored.buckets])  # [occurring]
    trimmed = trim(model.module, tokens) is not None
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
        vocabulary=tokens if trimmed else None,
    )


def micro_batch_for(batch_sizes: Sequence[int]) -> int:
    """The examples of a micro-step: they must add up to every effective batch size exactly."""
    shared = math.gcd(*batch_sizes)
    return max(size for size in range(1, min(shared, LARGEST_MICRO_BATCH) + 1) if shared % size == 0)


def rungs_per_epoch_for(train_rows: int, dev_rows: int) -> int:
    """As many rungs an epoch as keep scoring under about a fifth of training's cost, four at most.

    A step forward and backward costs about three times a step forward.
    """
    return min(4, max(1, int(0.2 * 3 * train_rows / max(dev_rows, 1))))


def _ready(model: Model, bucket: Bucket) -> Bucket:
    """The bucket on the device; under a cut-off encoder, with its features in place of its tokens."""
    if model.encoder is None:
        return bucket.to(model.forward.device)
    names: Any = getattr(model.tokenizer, "model_input_names", None) or ["input_ids", "attention_mask"]
    features, device = model.encoder.encode(bucket, frozenset(names)), model.forward.device
    # What would fill a GPU stays beside it; its examples are moved as they are needed.
    takes = features.tensors["inputs_embeds"].nbytes
    return features.to(device) if takes < MOST_OF_FREE_MEMORY * free_bytes(device) else features
