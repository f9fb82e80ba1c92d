"""The last linear layer of a transformers head, alone, so that it can be solved on a frozen encoder.

The heads of transformers have layers before it, such as BERT's pooler. These keep their weights: what they
give for an example never changes then, and takes the place of the encoder's hidden states.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import nn
from transformers.utils.generic import ModelOutput

from adaptkit.data.encode import Bucket
from adaptkit.engine.objective import FEATURES, MASK
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import layout_of, read_slot

EXAMPLES_AT_ONCE = 256


class LastLayer(nn.Module):
    """A linear layer on kept vectors, one per example or one per token."""

    def __init__(self, layer: nn.Linear, *, on_tokens: bool) -> None:
        super().__init__()
        self.on_tokens = on_tokens
        self.out = nn.Linear(layer.in_features, layer.out_features).to(layer.weight.device)
        self.out.load_state_dict(layer.state_dict())

    def forward(self, inputs_embeds: torch.Tensor, **_: Any) -> ModelOutput:
        """The logits of vectors ``[batch, tokens, width]``; ``[batch, outputs]`` if not for each token."""
        logits: torch.Tensor = self.out(inputs_embeds)  # [batch, tokens, outputs]
        return ModelOutput(logits=logits if self.on_tokens else logits[:, 0])


@dataclass(frozen=True)
class Head:
    """A head whose last layer gives the logits, in a model on kept hidden states."""

    module: nn.Module
    """The model, of which the head is a part."""

    name: str
    """The last layer's name in the model."""

    on_tokens: bool
    """Whether the layer reads a vector for each token, and not one per example."""

    device: torch.device

    @property
    def layer(self) -> nn.Linear:
        """The last layer."""
        layer = self.module.get_submodule(self.name)
        assert isinstance(layer, nn.Linear)  # noqa: S101 (as it was found)
        return layer

    def alone(self, training: Training) -> Training:
        """The training of the last layer alone, on what it reads. Its dev rows are the training rows."""
        module = LastLayer(self.layer, on_tokens=self.on_tokens)
        forward = replace(
            training.forward, module=module, inputs=frozenset({FEATURES}), halved=frozenset(), bfloat16=False
        )
        layout = layout_of(module)
        buckets = [self.read(one) for one in training.buckets]
        return replace(
            training, forward=forward, layout=layout, initial=read_slot(module, layout), buckets=buckets,
            dev=replace(training.dev, buckets=buckets),
        )  # fmt: skip

    def read(self, bucket: Bucket) -> Bucket:
        """The bucket with the vectors ``[examples, tokens or 1, width]`` that the layer reads."""
        parts = []
        for start in range(0, len(bucket.positions), EXAMPLES_AT_ONCE):
            few = slice(start, start + EXAMPLES_AT_ONCE)
            hidden = bucket.tensors[FEATURES][few].to(self.device)  # [some, tokens, width]
            mask = bucket.tensors[MASK][few].to(self.device)  # [some, tokens]
            read = _read_and_given(self.module, self.layer, hidden.float(), mask)[0]  # [some, ..., width]
            read = read.half() if self.on_tokens else read.unsqueeze(1)  # [some, tokens or 1, width]
            parts.append(read.to(bucket.tensors.device))
        vectors = torch.cat(parts)  # [examples, tokens or 1, width]
        kept = bucket.tensors.only([name for name in bucket.tensors if name != FEATURES])
        return replace(bucket, length=vectors.shape[1], tensors=kept.joined({FEATURES: vectors}))


def head_with_last_layer(training: Training) -> Head | None:
    """The head of a training on kept hidden states, if it has layers before its last linear one; else None.

    The last layer is found by trying: its output is what the model returns, for each example or each token.
    """
    buckets: Sequence[Bucket] = training.buckets
    if not buckets or any(FEATURES not in one.tensors or one.tensors[FEATURES].dim() != 3 for one in buckets):
        return None
    module, device = training.forward.module.eval(), training.forward.device
    hidden = buckets[0].tensors[FEATURES][:2].to(device).float()  # [2, tokens, width]
    mask = buckets[0].tensors[MASK][:2].to(device)  # [2, tokens]
    for name, layer in module.named_modules():
        if type(layer) is not nn.Linear or layer.bias is None:
            continue
        read, given, logits = _read_and_given(module, layer, hidden, mask)
        if given is logits and not torch.equal(read, hidden):
            return Head(module, name, on_tokens=read.dim() == 3, device=device)
    return None


@torch.no_grad()
def _read_and_given(
    module: nn.Module, layer: nn.Linear, hidden: torch.Tensor, mask: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor | None]:
    """What the layer reads and gives for hidden states ``[batch, tokens, width]``, and the model's logits."""
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    hook = layer.register_forward_hook(lambda _, read, given: seen.append((read[0], given)))
    try:
        outputs = module(inputs_embeds=hidden, attention_mask=mask)
    finally:
        hook.remove()
    empty = torch.empty(0)
    read, given = seen[-1] if seen else (empty, empty)
    return read, given, outputs.get("logits")
