"""A head that pools hidden states: a linear layer on the mean of the tokens, or on the first."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn.functional import normalize

from adaptkit.models.pairs import PairHead
from adaptkit.models.pooling import CHECKPOINT, NORMALIZED


class PooledHead(nn.Module):
    """Dropout and one linear layer on the pooled hidden states.

    Attributes:
        pooling: "mean" or "first", each also with `NORMALIZED` before it.
    """

    def __init__(self, pooling: str, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.pooling = pooling
        self.normalized = pooling.startswith(NORMALIZED)
        self.kind = pooling.removeprefix(NORMALIZED)
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(width, outputs)

    def pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Hidden states ``[batch, tokens, width]`` and mask ``[batch, tokens]`` → ``[batch, width]``."""
        return pooled_states(self.pooling, hidden, mask)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The logits ``[batch, outputs]``."""
        logits: torch.Tensor = self.out(self.dropout(self.pool(hidden, mask)))
        return logits


def pooled_states(pooling: str, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The states ``[batch, width]`` of hidden states ``[batch, tokens, width]`` and their mask.

    Args:
        pooling: "mean" or "first", each also with `NORMALIZED` before it.
        hidden: the tokens' states.
        mask: ``[batch, tokens]``, 0 for padding.
    """
    kind = pooling.removeprefix(NORMALIZED)
    pooled_before = hidden.shape[1] == 1  # states that a frozen encoder has kept
    pooled = hidden[:, 0] if kind == "first" or pooled_before else mean_state(hidden, mask)
    return pooled if kind == pooling else normalize(pooled, dim=-1)


def mean_state(hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """The mean ``[batch, width]`` of the tokens' states ``[batch, tokens, width]``, without padding."""
    kept = mask.unsqueeze(-1).to(hidden.dtype)  # [batch, tokens, 1]
    return (hidden * kept).sum(1) / kept.sum(1).clamp_min(1e-6)


def pooled_head(module: nn.Module) -> PooledHead | PairHead | None:
    """The model's head that pools; None if it has another head."""
    return next((one for one in module.modules() if isinstance(one, (PooledHead, PairHead))), None)


def pooling_of(module: nn.Module) -> str:
    """How the model's head pools; "checkpoint" if it has no `PooledHead`."""
    head = pooled_head(module)
    return CHECKPOINT if head is None else head.pooling
