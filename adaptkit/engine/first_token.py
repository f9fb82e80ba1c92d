"""Proves whether a head reads the first token's state alone, as those of BERT for whole texts do.

Knows no family of models by name: the head is tried, with weights in which nothing hides.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from adaptkit.engine.probe import shaken

TOLERANCE = 1e-5
"""The largest difference of two outputs, relative to the largest output: the rounding of another order."""


@torch.no_grad()
def reads_first_token_only(
    head: nn.Module, outputs_on: Callable[[torch.Tensor], torch.Tensor], hidden: torch.Tensor
) -> bool:
    """Whether the head's outputs are the same when it is given the first token's states and no others.

    Args:
        head: what trains.
        outputs_on: its outputs, as one flat tensor, on hidden states, with one mask for any of them.
        hidden: ``[batch, tokens, width]``, of texts that differ.
    """
    with shaken(head.parameters()):
        try:
            whole, first = outputs_on(hidden), outputs_on(hidden[:, :1])
        except Exception:  # whatever a plugin's head raises where it misses the other tokens
            return False
    if whole.shape != first.shape:
        return False
    largest = whole.abs().max()  # a head that is silent has not shown what it reads
    return bool(largest > 0 and (whole - first).abs().max() <= TOLERANCE * largest)
