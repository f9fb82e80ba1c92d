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
from adaptkit.engine.probe import alike, shaken, with_noise

EXAMPLES = 4
"""Of a bucket, those that outputs are compared on."""

FIRST, OTHERS = slice(0, 1), slice(1, None)


@torch.no_grad()
def narrow(encoder: nn.Module, outputs: Callable[[], torch.Tensor]) -> bool:
    """Makes the encoder's last layer compute the first token's state alone, if that changes no output.

    It does not where noise in the other tokens' states changes nothing, nor does their absence, and where
    the layer is read at all: noise in the first token's state does.

    Args:
        encoder: in evaluation mode. Its last hidden states are ``[batch, 1, width]`` thereafter.
        outputs: what is made of its hidden states of some examples, as one flat tensor.

    Returns:
        Whether it does so now; where an output differs, or the layer's form is unknown, it is left whole.
    """
    last = _last_layer(encoder)
    if last is None:
        return False
    widen(encoder)
    layer, forward = last
    try:
        whole = outputs()  # [numbers]
        without_others, without_first = _noisy(layer, OTHERS, outputs), _noisy(layer, FIRST, outputs)
        layer.forward = MethodType(forward, layer)
        same = [outputs(), without_others]  # [numbers] each
    except Exception:  # whatever is raised by what misses the other tokens
        widen(encoder)
        return False
    unread = all(alike(found, whole) for found in same) and not alike(without_first, whole)
    if not unread:
        widen(encoder)
    return unread


def widen(encoder: nn.Module) -> None:
    """Makes the encoder's last layer compute all tokens again."""
    last = _last_layer(encoder)
    if last is not None:
        vars(last[0]).pop("forward", None)  # the class has one of its own


def narrow_for(forward: Forward, encoder: nn.Module, buckets: Sequence[Bucket]) -> bool:
    """The same, where all that a task reads of the model is to stay, whatever its head's weights come to be.

    Held against some of the study's own examples, short, middling and long, without dropout: a head may go
    by the tokens it is given.
    """
    inside = {id(parameter) for parameter in encoder.parameters()}
    some = [buckets[place] for place in sorted({0, len(buckets) // 2, len(buckets) - 1})]
    exact, module = replace(forward, bfloat16=False), forward.module

    def outputs() -> torch.Tensor:
        found = []
        for one in some:
            places = torch.linspace(0, len(one.positions) - 1, EXAMPLES).long().unique()  # [examples]
            batch = {name: tensor[places].to(forward.device) for name, tensor in one.tensors.items()}
            found += [tensor.flatten() for tensor in exact.outputs({}, batch).values()]
        return torch.cat(found)  # [numbers]

    training = module.training
    module.eval()
    try:
        with shaken(parameter for parameter in module.parameters() if id(parameter) not in inside):
            return narrow(encoder, outputs)
    finally:
        module.train(training)


def _noisy(layer: nn.Module, tokens: slice, outputs: Callable[[], torch.Tensor]) -> torch.Tensor:
    """The outputs ``[numbers]`` with noise in the place of what the layer gives for some tokens."""

    def put(_: nn.Module, __: object, given: Any) -> Any:
        return (
            (with_noise(given[0], tokens), *given[1:])
            if isinstance(given, tuple)
            else with_noise(given, tokens)
        )

    hook = layer.register_forward_hook(put)
    try:
        return outputs()
    finally:
        hook.remove()


def _last_layer(encoder: nn.Module) -> tuple[Any, Callable[..., Any]] | None:
    """The last part of the encoder that has a known form, and its forward pass for the first token.

    The part is what mixes tokens: attention where all that follows works on each token by itself.
    """
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


def _as_bert(
    attention: Any, hidden_states: torch.Tensor, attention_mask: torch.Tensor | None = None, **_: Any
) -> Any:
    """The attention of BERT, RoBERTa, ELECTRA …: ``[batch, tokens, width]`` → ``[batch, 1, width]``."""
    own, first = attention.self, hidden_states[:, :1]  # [batch, 1, width]
    keys, values = own.key(hidden_states), own.value(hidden_states)  # [batch, tokens, width]
    attended = _attended(own, own.query(first), keys, values, attention_mask)  # [batch, 1, width]
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
