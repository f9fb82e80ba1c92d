"""Finds which hidden states a head reads, by the gradient of its outputs, for any task and model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import nn

NOISE = 0.1
"""The standard deviation of what `perturbed` adds to every weight."""

DRAWS = 3
"""Gradients are taken at so many different states: a unit that is off at one of them may be on at another."""

FIRST, OTHERS = slice(0, 1), slice(1, None)
"""Of an example's tokens."""

RELATIVE, ABSOLUTE = 1e-4, 1e-4
"""How far two outputs may differ, number by number, because float32 rounds sums in another order."""


def alike(found: torch.Tensor, expected: torch.Tensor) -> bool:
    """Whether two outputs, of any one shape, are equal but for rounding.

    They are compared number by number, so that a masked answer's -1e9 does not hide the others.
    """
    return found.shape == expected.shape and torch.allclose(found, expected, rtol=RELATIVE, atol=ABSOLUTE)


def varied(states: torch.Tensor, draw: int) -> torch.Tensor:
    """``states [batch, tokens, width]`` as they are for draw 0, else with noise of their own size added."""
    if draw == 0:
        return states
    generator = torch.Generator().manual_seed(draw)
    noise = torch.randn(states.shape, generator=generator).to(states)  # [batch, tokens, width]
    return states + noise * states.detach().std()


def depends_on_first_only(outputs: torch.Tensor, states: Sequence[torch.Tensor], draw: int) -> bool:
    """Whether outputs depend on the first token's state and on no other token's.

    The gradient of a random projection of the outputs is exactly zero for a state that they do not depend
    on. Constants do not enter it, whatever their size.

    Args:
        outputs: ``[numbers]``, computed from the states with gradients.
        states: one or several ``[batch, tokens, width]``; each is checked.
        draw: which random projection.
    """
    if not outputs.requires_grad or not states:
        return False
    generator = torch.Generator().manual_seed(draw)
    projection = torch.randn(outputs.shape, generator=generator).to(outputs)  # [numbers]
    gradients = torch.autograd.grad(outputs, list(states), grad_outputs=projection, allow_unused=True)
    read = [gradient for gradient in gradients if gradient is not None]
    first = any(bool(gradient[:, FIRST].any()) for gradient in read)
    return first and not any(bool(gradient[:, OTHERS].any()) for gradient in read)


def some_tokens(vocabulary: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids ``[16, 16]`` and their mask, with padding.

    There are as many examples as tokens, because a head over several choices takes either for the choices.
    """
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, vocabulary, (16, 16), generator=draw).to(device)  # [16, 16]
    mask = torch.ones_like(ids)  # [16, 16]
    mask[1::2, 9:] = 0
    return ids, mask


def all_outputs(model: nn.Module, **inputs: torch.Tensor) -> torch.Tensor:
    """All outputs of the model without dropout, as one flat tensor; it is left in evaluation mode."""
    outputs = model.eval()(**inputs)
    return torch.cat([output.flatten() for output in outputs.values() if isinstance(output, torch.Tensor)])


@contextmanager
def perturbed(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Adds noise to those of the parameters that train, until the block ends.

    A weight that starts at zero passes no gradient to the state that it is multiplied by. Training moves it,
    and then the state is read.
    """
    draw = torch.Generator().manual_seed(0)
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    before = [parameter.detach().clone() for parameter in trained]
    try:
        with torch.no_grad():
            for parameter in trained:
                parameter.add_(NOISE * torch.randn(parameter.shape, generator=draw).to(parameter.device))
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(trained, before, strict=True):
                parameter.copy_(value)
