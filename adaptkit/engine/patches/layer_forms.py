"""Forms of encoder layers, and how each computes the first token's state alone.

A form is recognised by its parts, not by the model's name. `last_layer.py` compares its outputs before use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from adaptkit.engine.patches.attention import attend


def last_layer(encoder: nn.Module) -> tuple[nn.Module, Callable[..., Any]] | None:
    """The encoder's last part of a known form, and its forward pass for the first token.

    The part is the one that mixes tokens: attention, where everything after it works on each token alone.
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
"""The parts by which a form is recognised, and its forward pass."""


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
    share = float(own.dropout.p)  # read in scoring, too, so that a form without it fails before training
    dropout = share if own.training else 0.0
    attended, _ = attend(own, q, k, v, mask, dropout=dropout, scaling=own.scaling)
    return attended.flatten(-2)
