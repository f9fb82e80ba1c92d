"""The strategy contract: which parameters of a model train. The one file that a strategy's author needs.

A plugin's entry point, in the group ``adaptkit.strategies``, is a factory that returns a `Strategy`; its
keyword arguments are the strategy's options (``--strategy-option KEY=VALUE``). A factory is called only when
its strategy is used, so import torch inside it. `adaptkit.testing.check_strategy` proves a strategy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True, kw_only=True)
class AdaptableModel:
    """A pre-trained model with a task's head, as a strategy receives it."""

    module: nn.Module
    """The model of transformers. ``module.base_model`` is the encoder."""

    head: frozenset[str]
    """The parameters that are not pre-trained, by name: the head's, and a new pooler's. They always train."""

    new_tokens: Sequence[int] = ()
    """The ids of the tokens that the task adds."""

    source: str = ""
    """The id or folder of the pre-trained model, as the user named it."""

    head_class: str = ""
    """The class of transformers; another text if the head is the task's own."""


@dataclass(frozen=True, kw_only=True)
class StrategySpace:
    """What is searched with a strategy, unless the user or the task says otherwise."""

    learning_rate: tuple[float, float]
    """The lowest and the highest rate, searched on a logarithmic scale."""

    default_learning_rate: float
    """The rate of the first trial, which is known to be good."""

    epochs: float = 3
    """The epochs of a trial; more if there are few rows."""

    for_width: int | None = 768
    """The width of the encoders that the rates are for; they are scaled for others. None: for all widths."""

    token_factor: float = 1.0
    """What the rates are multiplied by for the transformers head ``"token-classification"``."""


@dataclass(frozen=True, kw_only=True)
class Strategy:
    """A strategy as a collection of parts."""

    name: str
    in_words: str
    """How a model was trained, for its card: "with BitFit (the biases and the head were trained)"."""

    space: StrategySpace

    trained: Callable[[AdaptableModel], Iterable[str]] | None = None
    """The names of the encoder's parameters that train. Those of `AdaptableModel.head` train besides."""

    adapt: Callable[[AdaptableModel], nn.Module] | None = None
    """Changes the model instead, for example by low-rank updates: gives the module to train, with
    ``requires_grad`` set. The module's values are where every trial starts."""

    trains_encoder: bool = True
    """Whether anything inside the encoder trains. If not, it reads each example once per study."""

    saved_as: Literal["model", "adapter"] = "model"
    """How a trial's result is saved: as a complete model of transformers, or as an adapter of peft's LoRA."""

    merged: Callable[[nn.Module], nn.Module] | None = None
    """Gives the model of transformers, with the trained weights, from a module that `adapt` has changed."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """The factory's arguments, with the values of its defaults. adaptkit sets them."""

    distribution: str = ""
    """The distribution that the strategy comes from, and its version. adaptkit sets it."""

    contract: int = 1
