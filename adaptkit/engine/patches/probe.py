"""What a head is tried with to find out what it reads: made tokens, noise on weights and in states.

Knows no task and no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn

NOISE = 0.1
"""Added to every weight: what a head multiplies by a weight that starts at zero, it reads all the same."""

FIRST, OTHERS = slice(0, 1), slice(1, None)
"""Of an example's tokens."""

RELATIVE, ABSOLUTE = 1e-4, 1e-4
"""How far two outputs may differ, number by number: by the rounding of another order in float32."""


def alike(found: torch.Tensor, whole: torch.Tensor) -> bool:
    """Whether two times the same outputs, of any one shape, are the same but for rounding.

    Number by number: a large one, such as the -1e9 of an answer that is masked, hides no small one.
    """
    return found.shape == whole.shape and torch.allclose(found, whole, rtol=RELATIVE, atol=ABSOLUTE)


def with_noise(states: torch.Tensor, tokens: slice) -> torch.Tensor:
    """``states [batch, tokens, width]`` with noise of their own size in the place of some tokens' states."""
    draw = torch.Generator().manual_seed(0)
    noise = torch.randn(states.shape, generator=draw).to(states) * states.std()  # [batch, tokens, width]
    mixed = states.clone()  # [batch, tokens, width]
    mixed[:, tokens] = noise[:, tokens]
    return mixed


def first_alone(
    whole: torch.Tensor, without_others: Iterable[torch.Tensor], without_first: torch.Tensor
) -> bool:
    """Whether outputs ``[numbers]`` depend on the first token's states and on no others.

    Args:
        whole: the outputs as they are.
        without_others: those with the others' states disturbed, or gone.
        without_first: those with the first token's state disturbed.
    """
    return all(alike(found, whole) for found in without_others) and not alike(without_first, whole)


def some_tokens(vocabulary: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids ``[16, 16]`` and their mask, with padding.

    As many examples as tokens: a head over several choices takes either for the choices.
    """
    draw = torch.Generator().manual_seed(0)
    ids = torch.randint(0, vocabulary, (16, 16), generator=draw).to(device)  # [16, 16]
    mask = torch.ones_like(ids)  # [16, 16]
    mask[1::2, 9:] = 0
    return ids, mask


def all_outputs(model: nn.Module, **inputs: torch.Tensor) -> torch.Tensor:
    """All that the model gives without dropout, as one flat tensor; it is left in evaluation mode."""
    outputs = model.eval()(**inputs)
    return torch.cat([output.flatten() for output in outputs.values() if isinstance(output, torch.Tensor)])


@contextmanager
def shaken(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Noise on those of the parameters that train, until the block ends."""
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
