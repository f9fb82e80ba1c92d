"""Proves whether a head reads the first token's state alone, as those of BERT for whole texts do.

Knows no family of models by name: the head is tried, with weights in which nothing hides.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from adaptkit.engine.patches.probe import FIRST, OTHERS, first_alone, shaken, with_noise


@torch.no_grad()
def reads_first_token_only(
    head: nn.Module, outputs_on: Callable[[torch.Tensor], torch.Tensor], hidden: torch.Tensor
) -> bool:
    """Whether the head's outputs depend on the first token's states and on no others.

    They do where noise in the others' place changes nothing, nor do the others' absence, and noise in its
    own place does.

    Args:
        head: what trains.
        outputs_on: its outputs, as one flat tensor, on hidden states, with one mask for any of them.
        hidden: ``[batch, tokens, width]``, of texts that differ.
    """
    with shaken(head.parameters()):
        try:
            whole = outputs_on(hidden)  # [numbers]
            same = [outputs_on(states) for states in (with_noise(hidden, OTHERS), hidden[:, FIRST])]
            other = outputs_on(with_noise(hidden, FIRST))  # [numbers]
        except Exception:  # whatever a plugin's head raises where it misses the other tokens
            return False
    return first_alone(whole, same, other)
