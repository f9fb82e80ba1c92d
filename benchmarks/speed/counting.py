"""Counts the work of a setting on its data and model; `accounting` says what it comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import nn

from adaptkit.data.encode import Bucket, collate, encode, length_of
from adaptkit.data.load import load
from adaptkit.engine.forward import Forward
from adaptkit.engine.patches.attention import use_attention
from adaptkit.engine.patches.last_layer import narrow_for, widen
from adaptkit.models.loading import LoadedModel, load_model
from adaptkit.strategies.apply import head_parameters
from adaptkit.task import Example, Task
from adaptkit.tasks import registry
from benchmarks.speed.accounting import Work
from benchmarks.speed.setting import Setting


def work_of(setting: Setting) -> Work:
    """The work of the setting, counted on its data and model."""
    task = registry.load(setting.task, setting.options)
    data = load(task, setting.data, setting.seed)
    loaded = load_model(task, setting.model, data.labels, seed=0, max_length=setting.max_length)
    examples = encode(task, data.train.values, loaded.tokenizer, data.labels, setting.max_length)
    outside = loaded.newly_initialized | head_parameters(loaded.module)
    sizes = {name: parameter.numel() for name, parameter in loaded.module.named_parameters()}
    return Work(
        examples=len(examples),
        tokens=sum(map(length_of, examples)),
        dev_rows=len(data.dev),
        encoder_weights=weights_per_token(cast("nn.Module", loaded.module.base_model)),
        outside_encoder=sum(sizes[name] for name in outside),
        one_token_weights=one_token_weights(task, loaded, collate_some(task, examples, loaded)),
    )


def collate_some(task: Task, examples: Sequence[Example], loaded: LoadedModel) -> Bucket:
    """A few of the examples, padded."""
    some = range(min(8, len(examples)))
    longest = max(length_of(examples[place]) for place in some)
    return collate(task, examples, some, loaded.tokenizer, longest)


def one_token_weights(task: Task, loaded: LoadedModel, bucket: Bucket) -> int:
    """The weights of the encoder's linear layers that meet one token of an example in adaptkit's training."""
    encoder = cast("nn.Module", loaded.module.base_model)
    inputs = frozenset(loaded.tokenizer.model_input_names)
    use_attention(loaded.module)
    forward = Forward(task=task, module=loaded.module, inputs=inputs, device=torch.device("cpu"))
    if not narrow_for(forward, encoder, [bucket]):
        return 0
    met: list[int] = []

    def note(layer: nn.Linear, given: tuple[torch.Tensor, ...], _: object) -> None:
        if given[0].dim() == 3 and given[0].shape[1] == 1:  # [examples, 1, width]
            met.append(layer.weight.numel())

    hooks = [one.register_forward_hook(note) for one in encoder.modules() if isinstance(one, nn.Linear)]
    try:
        with torch.no_grad():
            forward.outputs({}, bucket.tensors)
    finally:
        for hook in hooks:
            hook.remove()
        widen(encoder)
    return sum(met)


def weights_per_token(encoder: nn.Module) -> int:
    """The weights of the encoder's linear layers, but for a pooler, which sees one token of an example."""
    return sum(
        layer.weight.numel()
        for name, layer in encoder.named_modules()
        if isinstance(layer, nn.Linear) and "pooler" not in name.split(".")
    )
