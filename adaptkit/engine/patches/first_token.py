"""Checks whether a head reads the first token's state only, as most heads for complete texts do.

Does not depend on the model's family: the check takes the gradient of the head's outputs.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn

from adaptkit.engine.patches.probe import DRAWS, FIRST, alike, depends_on_first_only, perturbed, varied


def reads_first_token_only(
    head: nn.Module, outputs_on: Callable[[torch.Tensor], torch.Tensor], hidden: torch.Tensor
) -> bool:
    """Whether the head's outputs depend on the first token's states and on no others.

    Args:
        head: what trains.
        outputs_on: its outputs, as one flat tensor, on hidden states; the mask is the same for any of them.
        hidden: ``[batch, tokens, width]``, of texts that differ.
    """
    try:
        if not _by_gradient(outputs_on, hidden):
            return False
        # Once more with other weights: a weight of zero hides the state that it is multiplied by.
        with perturbed(head.parameters()):
            return _by_gradient(outputs_on, hidden) and _same_without_others(outputs_on, hidden)
    except Exception:  # whatever a plugin's head raises where the other tokens are missing
        return False


def _by_gradient(outputs_on: Callable[[torch.Tensor], torch.Tensor], hidden: torch.Tensor) -> bool:
    """Whether only the first token's states have a gradient, at several draws of states."""
    with torch.enable_grad():
        for draw in range(DRAWS):
            states = varied(hidden.detach(), draw).requires_grad_()  # [batch, tokens, width]
            if not depends_on_first_only(outputs_on(states), [states], draw):
                return False
    return True


@torch.no_grad()
def _same_without_others(outputs_on: Callable[[torch.Tensor], torch.Tensor], hidden: torch.Tensor) -> bool:
    """Whether the outputs are the same when the first token's states are all there is.

    This also finds what has no gradient, such as a branch on the number of tokens.
    """
    return alike(outputs_on(hidden[:, FIRST]), outputs_on(hidden))
