"""Frozen: trains what is newly initialised and the head; the encoder keeps its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from adaptkit.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

    from adaptkit.models.loading import LoadedModel


def adapt(loaded: LoadedModel, rank: int) -> nn.Module:
    """The model with only its head trainable.

    The head is every parameter outside the encoder, and those inside it that the checkpoint did not hold
    (often a pooler): a random weight that is not trained would make the scores worse without notice.

    Raises:
        ConfigError: there is no such parameter.
    """
    trained = loaded.newly_initialized | head_parameters(loaded.module)
    if not trained:
        raise ConfigError(
            "a frozen encoder leaves nothing to train: the task's head has no parameters",
            expected="a strategy that trains the encoder",
            next_step="Choose --strategy lora or full.",
        )
    for name, parameter in loaded.module.named_parameters():
        parameter.requires_grad_(name in trained)
    return loaded.module


def head_parameters(module: nn.Module) -> frozenset[str]:
    """The names of all parameters outside the encoder, ``module.base_model``."""
    encoder = {id(parameter) for parameter in cast("nn.Module", module.base_model).parameters()}
    return frozenset(name for name, parameter in module.named_parameters() if id(parameter) not in encoder)
