"""The loss of each label of each token."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch


def binary_cross_entropy(
    outputs: Mapping[str, torch.Tensor], batch: Mapping[str, torch.Tensor]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Binary cross-entropy of ``logits`` and ``labels``, both ``[batch, sub-words, labels]``.

    Labels below 0 have weight 0, all others have weight 1.
    """
    from torch.nn.functional import binary_cross_entropy_with_logits

    logits, labels = outputs["logits"].float(), batch["labels"]
    losses = binary_cross_entropy_with_logits(logits, labels.clamp(min=0).float(), reduction="none")
    return losses, (labels >= 0).to(losses.dtype)
