"""The loss of each label of each text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def binary_cross_entropy(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Binary cross-entropy of ``logits`` and ``labels``, both ``[batch, labels]``, all with weight 1."""
    from torch.nn.functional import binary_cross_entropy_with_logits

    logits = outputs["logits"].float()  # [batch, labels]
    losses = binary_cross_entropy_with_logits(logits, batch["labels"].float(), reduction="none")
    return losses, losses.new_ones(losses.shape)
