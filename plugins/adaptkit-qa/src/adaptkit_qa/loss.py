"""The loss of a span: the cross-entropy of its start and of its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def span_loss(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean of the cross-entropies of start and end, and a weight of 1: both ``[batch]``.

    Padding tokens are masked, so the length of the padding does not change the loss. An example with a
    position outside its tokens has loss and weight 0.
    """
    import torch
    from torch.nn.functional import cross_entropy

    padding = batch["attention_mask"] == 0  # [batch, tokens]
    losses, weights = [], []
    for end in ("start", "end"):
        logits = outputs[f"{end}_logits"].float()  # [batch, tokens]
        logits = logits.masked_fill(padding, torch.finfo(logits.dtype).min)
        positions = batch[f"{end}_positions"]  # [batch]
        inside = (positions >= 0) & (positions < logits.shape[-1])
        losses.append(cross_entropy(logits, torch.where(inside, positions, 0), reduction="none"))
        weights.append(inside.to(logits.dtype))
    weight = weights[0] * weights[1]
    return (losses[0] + losses[1]) / 2 * weight, weight
