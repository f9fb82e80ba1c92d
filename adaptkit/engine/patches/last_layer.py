"""An encoder's last layer, computed for the first token of an example alone where no other is read.

The others give their keys and values to it, and no more: queries, and all that follows attention, are left
out for them. With twelve layers that is a fourteenth of the encoder's work, with six a seventh. Layers are
known by their form, and none is trusted: what comes out is compared.
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
from adaptkit.engine.patches.probe import FIRST, OTHERS, alike, first_alone, shaken, with_noise

EXAMPLES = 4
"""Of a bucket, those that outputs are compared on."""


@torch.no_grad()
def narrow(encoder: nn.Module, outputs: Callable[[], torch.Tensor]) -> bool:
    """Makes the encoder's last layer compute the first token's state alone, if outputs depend on no other.

    They do where noise in the others' states changes none of them, nor does the others' absence, and noise
    in the first token's state does.

    Args:
        encoder: in evaluation mode. Its last hidden states are ``[batch, 1, width]`` thereafter.
        outputs: what is made of its hidden states of some examples, as one flat tensor.

    Returns:
        Whether it does so now; where an output differs, or the layer's form is unknown, it is left whole.
    """
    widen(encoder)
    last = last_layer(encoder)
    if last is None or "forward" in vars(last[0]):  # someone else's
        return False
    layer, forward = last
    try:
        whole, without_others = outputs(), _noisy(layer, OTHERS, outputs)  # [numbers] both
        if not alike(without_others, whole):
            return False
        without_first = _noisy(layer, FIRST, outputs)  # [numbers]
        layer.forward = MethodType(forward, layer)
        done = first_alone(whole, [without_others, outputs()], without_first)
    except Exception:  # whatever is raised by what misses the other tokens
        done = False
    if not done:
        widen(encoder)
    return done


def widen(encoder: nn.Module) -> None:
    """Makes a last layer that was narrowed compute all tokens again."""
    last = last_layer(encoder)
    if last is not None and getattr(vars(last[0]).get("forward"), "__func__", None) is last[1]:
        del last[0].forward  # the class has one of its own


def narrow_for(forward: Forward, encoder: nn.Module, buckets: Sequence[Bucket]) -> bool:
    """The same, where all that a task reads of the model is to stay, whatever its head's weights come to be.

    Held against a dozen of the study's own examples at most, short, middling and long, without dropout: a
    head may go by the tokens it is given. One that goes by tokens that none of these has is not found out.
    """
    inside = {id(parameter) for parameter in encoder.parameters()}
    some = [buckets[place] for place in sorted({0, len(buckets) // 2, len(buckets) - 1})]
    exact, module = replace(forward, bfloat16=False), forward.module

    def outputs() -> torch.Tensor:
        found = []
        for one in some:
            places = torch.linspace(0, len(one.positions) - 1, EXAMPLES).long().unique()  # [examples]
            batch = {name: tensor[places].to(forward.device) for name, tensor in one.tensors.items()}
            found += [tensor.flatten() for tensor in exact.outputs({}, batch).values()]
        return torch.cat(found)  # [numbers]

    training = module.training
    module.eval()
    try:
        with shaken(parameter for parameter in module.parameters() if id(parameter) not in inside):
            return narrow(encoder, outputs)
    finally:
        module.train(training)


def _noisy(layer: nn.Module, tokens: slice, outputs: Callable[[], torch.Tensor]) -> torch.Tensor:
    """The outputs ``[numbers]`` with noise in the place of what the layer gives for some tokens."""

    def put(_: nn.Module, __: object, given: Any) -> Any:
        if isinstance(given, tuple):  # of attention: the states, and what else it tells
            return (with_noise(given[0], tokens), *given[1:])
        return with_noise(given, tokens)

    hook = layer.register_forward_hook(put)
    try:
        return outputs()
    finally:
        hook.remove()
