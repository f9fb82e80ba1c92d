"""Full fine-tuning: trains every parameter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn

    from adaptkit.models.loading import LoadedModel


def adapt(loaded: LoadedModel, rank: int) -> nn.Module:
    """The model with every parameter trainable."""
    return loaded.module.requires_grad_(True)
