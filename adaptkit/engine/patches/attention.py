"""Attention in one fused kernel for all trials of a pass, under `torch.func.vmap`.

``scaled_dot_product_attention`` has no batching rule on the CPU: vmap would loop over the trials. Here the
trials' dimension is folded into the batch instead. transformers finds this attention by name, through its
attention interface (https://huggingface.co/docs/transformers/attention_interface).
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.functional import scaled_dot_product_attention
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.masking_utils import sdpa_mask

NAME = "adaptkit"


class _Folded(torch.autograd.Function):
    """Attention with its own batching rule.

    It is called on batched tensors only, so the vmap rule always runs. That rule makes a plain call, which
    autograd records.
    """

    @staticmethod
    def forward(
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        dropout: float,
        scale: float | None,
    ) -> torch.Tensor:
        return _attended(query, key, value, mask, dropout, scale)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        raise NotImplementedError("attention runs by its vmap rule; autograd does not record this function")

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        mask: torch.Tensor | None,
        dropout: float,
        scale: float | None,
    ) -> tuple[torch.Tensor, int]:
        slots = info.batch_size
        q, k, v = (_fold(x, dim, slots) for x, dim in zip((query, key, value), in_dims, strict=False))
        folded_mask = (
            None if mask is None else _fold(mask, in_dims[3], slots)
        )  # [slots * batch, 1, tokens, tokens]
        attended = _attended(q, k, v, folded_mask, dropout, scale)
        return attended.unflatten(0, (slots, -1)), 0  # [slots, batch, heads, tokens, width]


def _fold(tensor: torch.Tensor, dim: int | None, slots: int) -> torch.Tensor:
    """``[slots, batch, ...]`` (slots at ``dim``) or a shared ``[batch, ...]`` → ``[slots * batch, ...]``"""
    batched = tensor.unsqueeze(0).expand(slots, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
    return batched.flatten(0, 1)


def attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    dropout: float = 0.0,
    scaling: float | None = None,
    **kwargs: Any,
) -> tuple[torch.Tensor, None]:
    """Three times ``[batch, heads, tokens, width]`` → ``[batch, tokens, heads, width]``."""
    if torch._C._functorch.is_batchedtensor(query):
        attended = _Folded.apply(query, key, value, attention_mask, dropout, scaling)  # type: ignore[no-untyped-call]
    else:
        attended = _attended(query, key, value, attention_mask, dropout, scaling)
    return attended.transpose(1, 2).contiguous(), None


def _attended(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float,
    scale: float | None,
) -> torch.Tensor:
    """Attention of plain tensors ``[batch, heads, tokens, width]``, by the faster of two ways."""
    if dropout and query.device.type == "cpu":
        return _attend_with_dropout(query, key, value, mask, dropout, scale)
    return scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=dropout, scale=scale)


def _attend_with_dropout(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    dropout: float,
    scale: float | None,
) -> torch.Tensor:
    """The same step by step: the CPU's fused kernel has no dropout, and torch's fallback is slower.

    ``mask``: ``[batch, 1, tokens, tokens]``, booleans (True is seen) or numbers to add. Attention:
    Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, equation 1.
    """
    scores = (
        query @ key.transpose(-1, -2) * (scale or query.shape[-1] ** -0.5)
    )  # [batch, heads, tokens, tokens]
    if mask is not None and mask.dtype == torch.bool:
        scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    elif mask is not None:
        scores = scores + mask
    weights = functional.dropout(scores.softmax(-1, dtype=torch.float32).to(value.dtype), dropout)
    return weights @ value  # [batch, heads, tokens, width]


def always_a_mask(*args: Any, **kwargs: Any) -> torch.Tensor | None:
    """transformers' mask for this kind of attention, which is always made.

    transformers leaves a mask out if its values hide nothing. Under vmap nothing may depend on values.
    """
    mask: torch.Tensor | None = sdpa_mask(
        *args, **{**kwargs, "allow_is_bidirectional_skip": False, "allow_is_causal_skip": False}
    )
    return mask


def register_attention() -> None:
    """Makes the attention known to transformers in this process."""
    AttentionInterface.register(NAME, attend)
    AttentionMaskInterface.register(NAME, always_a_mask)


def use_attention(model: nn.Module) -> bool:
    """Makes ``model`` use this attention; False if the model does not let its attention be chosen."""
    register_attention()
    if not isinstance(model, PreTrainedModel) or not model._can_set_attn_implementation():
        return False
    model.set_attn_implementation(NAME)
    return True
