"""How many of an encoder's layers are used: the last ones of a sentence encoder read single tokens badly.

A folder that declares a pooling holds a sentence encoder. Its last layers spread the sentence's meaning over
all tokens, and a linear head for tokens scores higher on a middle layer; `benchmarks/` has the figures. The
exported model has only the layers that it uses.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ConfigError
from adaptkit.models.pooling import declared_pooling

if TYPE_CHECKING:
    from adaptkit.task import Task

TOKEN_HEADS = ("token-classification",)
LAYERS = "num_hidden_layers"


def with_layers(task: Task, layers: int) -> Task:
    """The task with an encoder of only its first ``layers`` layers; 0 keeps all."""
    if not layers:
        return task
    return replace(task, config_overrides={**task.config_overrides, LAYERS: layers})


def layers_of(location: str, model: str) -> int:
    """The number of the encoder's layers; 0 if its configuration does not say, or lists layers one by one.

    Raises:
        ModelError: the configuration cannot be read.
    """
    from adaptkit.models.loading import load_config

    config: Any = load_config(location, model)
    return 0 if getattr(config, "layer_types", None) else int(getattr(config, LAYERS, 0) or 0)


def width_of(model: str) -> int:
    """The width of the encoder's hidden states; 0 if its configuration does not say.

    Raises:
        ModelError: the configuration cannot be read.
    """
    from adaptkit.models.files import locate
    from adaptkit.models.loading import load_config

    return int(getattr(load_config(locate(model), model), "hidden_size", 0) or 0)


def default_layers(task: Task, model: str) -> int:
    """The first half of a sentence encoder's layers for a head on tokens; else 0, which is all layers."""
    from adaptkit.models.files import locate

    if task.head not in TOKEN_HEADS:
        return 0
    location = locate(model)
    return -(-layers_of(location, model) // 2) if declared_pooling(location) else 0


def refuse_layers(wanted: int, model: str) -> None:
    """Raise ConfigError if the model does not have so many layers, or does not say how many it has."""
    from adaptkit.models.files import locate

    if not wanted:
        return
    known = layers_of(locate(model), model)
    if wanted > known:
        raise ConfigError(
            f"--layers {wanted} for {model}",
            expected=f"at most {known}" if known else "a model whose number of layers can be set",
            next_step="Change --layers, or leave it out.",
            code="layers",
        )
