"""An encoder's last layer, computed for the first token of an example alone where no other is read.

The others give their keys and values to it, and no more: queries, and all that follows attention, are left
out for them. With twelve layers that is a fourteenth of the encoder's work, with six a seventh. Layers are
known by their form, not by the model's name, and none is trusted: what comes out is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MethodType
from typing import Any

import torch
from torch import nn

from adaptkit.data.encode import Bucket
from adaptkit.engine.attention import attend
from adaptkit.engine.forward import Forward
from adaptkit.engine.probe import shaken

TOLERANCE = 1e-4
"""The largest difference of two outputs, relative to the largest output, in float32."""

EXAMPLES = 4
"""Of a bucket, those that outputs are compared on."""


@torch.no_grad()
def narrow(encoder: nn.Module, outputs: Callable[[], torch.Tensor]) -> bool:
    """Makes the encoder's last layer compute the first token's state alone, if that changes no output.

    Args:
        encoder: in evaluation mode. Its last hidden states are ``[batch, 1, width]`` thereafter.
        outputs: what is made of its hidden states of some examples, as one flat tensor.

    Returns:
        Whether it does so now; where an output differs, or the layer's form is unknown, it is left as it was.
    """
    last = _last_layer(encoder)
    if last is None:
        return False
    layer, forward = last
    try:
        whole = outputs()  # [numbers]
        layer.forward = MethodType(forward, layer)
        found = outputs()  # [numbers]
        largest = whole.abs().max()  # a head that is silent has not shown what it reads
        alike = found.shape == whole.shape and (found - whole).abs().max() <= TOLERANCE * largest
        equal = bool(largest > 0 and alike)
    except Exception:  # whatever is raised by what misses the other tokens
        equal = False
    if not equal:
        vars(layer).pop("forward", None)  # the class has one of its own
    return equal


def narrow_for(forward: Forward, encoder: nn.Module, buckets: Sequence[Bucket]) -> bool:
    """The same, where all that a task reads of the model is to stay, whatever its head's weights come to be.

    Held against the study's own examples, short, middling and long: a head may go by the tokens it is given.
    """
    inside = {id(parameter) for parameter in encoder.parameters()}
    some = [buckets[place] for place in sorted({0, len(buckets) // 2, len(buckets) - 1})]
    exact = replace(forward, bfloat16=False)

    def outputs() -> torch.Tensor:
        found = []
        for one in some:
            batch = {name: tensor[:EXAMPLES].to(forward.device) for name, tensor in one.tensors.items()}
            found += [tensor.flatten() for tensor in exact.outputs({}, batch).values()]
        return torch.cat(found)  # [numbers]

    forward.module.eval()
    with shaken(p for p in forward.module.parameters() if id(p) not in inside):
        return narrow(encoder, outputs)


def _last_layer(encoder: nn.Module) -> tuple[Any, Callable[..., Any]] | None:
    """The last part of the encoder that has a known form, and its forward pass for the first token."""
    found = None
    for module in encoder.modules():
        for names, forward in FORMS:
            if all(_part(module, name) is not None for name in names):
                found = module, forward
    return found


def _part(module: nn.Module, name: str) -> nn.Module | None:
    """The submodule of this dotted name, if there is one."""
    part: Any = module
    for step in name.split("."):
        part = getattr(part, step, None)
    return part if isinstance(part, nn.Module) else None


def _as_bert(attention: Any, hidden: torch.Tensor, mask: torch.Tensor | None = None, **_: Any) -> Any:
    """The attention of BERT, RoBERTa, ELECTRA …: ``[batch, tokens, width]`` → ``[batch, 1, width]``."""
    own, first = attention.self, hidden[:, :1]  # [batch, 1, width]
    attended = _attended(own, own.query(first), own.key(hidden), own.value(hidden), mask)
    return attention.output(attended, first), None


def _as_distilbert(
    layer: Any, hidden_states: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
) -> torch.Tensor:
    """A layer of DistilBERT: ``[batch, tokens, width]`` → ``[batch, 1, width]``."""
    own, first = layer.attention, hidden_states[:, :1]  # [batch, 1, width]
    keys, values = own.k_lin(hidden_states), own.v_lin(hidden_states)  # [batch, tokens, width]
    attended = _attended(own, own.q_lin(first), keys, values, attention_mask)  # [batch, 1, width]
    state = layer.sa_layer_norm(own.out_lin(attended) + first)  # [batch, 1, width]
    output: torch.Tensor = layer.output_layer_norm(layer.ffn(state) + state)  # [batch, 1, width]
    return output


FORMS: tuple[tuple[tuple[str, ...], Callable[..., Any]], ...] = (
    (("self.query", "self.key", "self.value", "output"), _as_bert),
    (("attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn",
      "output_layer_norm"), _as_distilbert),
)  # fmt: skip
"""The parts by which a form is known, and its forward pass."""


def _attended(
    own: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, mask: torch.Tensor | None
) -> torch.Tensor:
    """Attention of ``query [batch, 1, width]`` to ``key`` and ``value`` ``[batch, tokens, width]``.

    ``mask``: ``[batch, 1, tokens or 1, tokens]``. Gives ``[batch, 1, width]``.
    """
    q, k, v = (
        states.unflatten(-1, (-1, own.attention_head_size)).transpose(1, 2) for states in (query, key, value)
    )  # [batch, heads, 1 or tokens, width of a head]
    mask = None if mask is None else mask[:, :, :1]  # [batch, 1, 1, tokens]
    dropout = own.dropout.p if own.training else 0.0
    attended, _ = attend(own, q, k, v, mask, dropout=dropout, scaling=own.scaling)
    return attended.flatten(-2)
