"""Two strategies for adaptkit: the biases of the encoder, or its last layers. The head trains with both."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from adaptkit import AdaptableModel, Strategy, StrategySpace


def bitfit() -> Strategy:
    """BitFit (Ben Zaken et al. 2022, https://arxiv.org/abs/2106.10199): the biases and the head train."""
    return Strategy(
        name="bitfit",
        in_words="with BitFit (the biases and the head were trained)",
        space=StrategySpace(learning_rate=(1e-4, 5e-3), default_learning_rate=1e-3),
        trained=biases,
    )


def last_layers(*, layers: int = 2) -> Strategy:
    """Only the last ``layers`` layers of the encoder and the head train.

    Raises ValueError if ``layers`` is less than 1.
    """
    if layers < 1:
        raise ValueError(f"layers = {layers}; expected at least 1")
    return Strategy(
        name="last-layers",
        in_words=f"by its last layers (the last {layers} and the head were trained)",
        space=StrategySpace(learning_rate=(1e-5, 4e-4), default_learning_rate=1e-4),
        trained=partial(of_last_layers, layers=layers),
    )


def biases(model: AdaptableModel) -> Iterable[str]:
    """The biases. An encoder without any, such as ModernBERT, trains the scales of its normalisation."""
    vectors = [name for name, parameter in model.module.named_parameters() if parameter.dim() == 1]
    found = {name for name in vectors if name.endswith("bias")}
    return found if found - model.head else vectors


def of_last_layers(model: AdaptableModel, layers: int) -> Iterable[str]:
    """The parameters of the last layers: the end of the list of modules that has most of the parameters."""
    from torch import nn

    modules = dict(model.module.named_modules())
    lists = {name: one for name, one in modules.items() if isinstance(one, nn.ModuleList)}
    stack = max(lists, key=lambda name: sum(parameter.numel() for parameter in lists[name].parameters()))
    count = len(lists[stack])
    chosen = tuple(f"{stack}.{place}." for place in range(max(0, count - layers), count))
    return [name for name, _ in model.module.named_parameters() if name.startswith(chosen)]
