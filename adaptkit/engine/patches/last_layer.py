"""Computes an encoder's last layer for the first token only, where no other token's state is read.

The other tokens still give their keys and values. Their queries, and everything after attention, are left
out. With twelve layers that is a fourteenth of the encoder's work, with six a seventh. The layer is found by
its parts (`layer_forms`), and its outputs are compared before it is used.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import MethodType
from typing import Any

import torch
from torch import nn

from adaptkit.data.encode import Bucket
from adaptkit.engine.forward import Forward
from adaptkit.engine.patches.layer_forms import last_layer
from adaptkit.engine.patches.probe import DRAWS, alike, depends_on_first_only, perturbed, varied

EXAMPLES = 4
"""Of a bucket, those that outputs are compared on."""


def narrow(encoder: nn.Module, outputs: Callable[[], torch.Tensor]) -> bool:
    """Makes the encoder's last layer compute the first token's state only, if outputs depend on no other.

    Args:
        encoder: in evaluation mode. Its last hidden states are ``[batch, 1, width]`` afterwards.
        outputs: what is made of its hidden states of some examples, as one flat tensor.

    Returns:
        Whether the layer was narrowed. If an output differs or the layer's form is unknown, it was not.
    """
    widen(encoder)
    last = last_layer(encoder)
    if last is None or "forward" in vars(last[0]):  # another library replaced it
        return False
    done = _by_gradient(last[0], outputs) and _same_when_narrowed(*last, outputs)
    if not done:
        widen(encoder)
    return done


def widen(encoder: nn.Module) -> None:
    """Makes a last layer that was narrowed compute all tokens again."""
    last = last_layer(encoder)
    if last is not None and getattr(vars(last[0]).get("forward"), "__func__", None) is last[1]:
        del last[0].forward  # the class has one of its own


def narrow_for(forward: Forward, encoder: nn.Module, buckets: Sequence[Bucket]) -> bool:
    """Narrows the last layer if none of the task's outputs depends on another token's state.

    The check uses up to twelve of the study's own examples, short, medium and long, without dropout. It runs
    with the parameters as they are and with perturbed ones: see `probe.perturbed`.

    Args:
        forward: how the model is called. Its head must be one of transformers' own: the head of a plugin may
            choose what it reads by the tokens it is given, and these examples may not show that.
        encoder: the encoder in the model, which training runs through.
        buckets: the training examples.
    """
    inside = {id(parameter) for parameter in encoder.parameters()}
    outside = [p for p in forward.module.parameters() if id(p) not in inside]
    training = forward.module.training
    forward.module.eval()
    try:
        widen(encoder)
        last, outputs = last_layer(encoder), _outputs_on(forward, buckets)
        if last is None or not _by_gradient(last[0], outputs):
            return False
        with perturbed(outside):
            return narrow(encoder, outputs)
    finally:
        forward.module.train(training)


def _outputs_on(forward: Forward, buckets: Sequence[Bucket]) -> Callable[[], torch.Tensor]:
    """A function that computes the task's outputs ``[numbers]`` on some examples, in float32."""
    some = [buckets[place] for place in sorted({0, len(buckets) // 2, len(buckets) - 1})]
    exact = replace(forward, bfloat16=False)

    def outputs() -> torch.Tensor:
        found = []
        for one in some:
            places = torch.linspace(0, len(one.positions) - 1, EXAMPLES).long().unique()  # [examples]
            batch = {name: tensor.to(forward.device) for name, tensor in one.tensors.at(places).items()}
            found += [tensor.flatten() for tensor in exact.outputs({}, batch).values()]
        return torch.cat(found)  # [numbers]

    return outputs


def _by_gradient(layer: nn.Module, outputs: Callable[[], torch.Tensor]) -> bool:
    """Whether outputs depend only on the states that the layer computes for the first token.

    They are taken at several draws of the layer's output. A layer that is called several times is checked at
    each of its calls.
    """
    for draw in range(DRAWS):
        given: list[torch.Tensor] = []
        hook = layer.register_forward_hook(_varying(draw, given))
        try:
            with torch.enable_grad():
                if not depends_on_first_only(outputs(), given, draw):
                    return False
        except Exception:  # whatever a model raises that does not expect such states
            return False
        finally:
            hook.remove()
    return True


def _varying(draw: int, given: list[torch.Tensor]) -> Callable[..., Any]:
    """A forward hook that varies the layer's ``[batch, tokens, width]`` and appends them to ``given``."""

    def hook(_: nn.Module, __: object, output: Any) -> Any:
        states = varied(output[0] if isinstance(output, tuple) else output, draw)
        if not states.requires_grad:
            states = states.detach().requires_grad_()
        given.append(states)
        return (states, *output[1:]) if isinstance(output, tuple) else states

    return hook


@torch.no_grad()
def _same_when_narrowed(
    layer: nn.Module, forward: Callable[..., Any], outputs: Callable[[], torch.Tensor]
) -> bool:
    """Whether the outputs stay the same when the layer has this forward pass, which it keeps."""
    try:
        before = outputs()  # [numbers]
        layer.forward = MethodType(forward, layer)
        return alike(outputs(), before)
    except Exception:  # whatever a model raises where the other tokens are missing
        return False
