"""Applies a strategy to a loaded model, and checks what it says about the model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, NoReturn, cast

from adaptkit.errors import AdaptkitError, ConfigError, TaskError
from adaptkit.models.head_class import MASKED_LM
from adaptkit.strategy import AdaptableModel
from adaptkit.tasks.calls import no_exit, reason_of

if TYPE_CHECKING:
    from torch import nn

    from adaptkit.models.loading import LoadedModel
    from adaptkit.strategy import Strategy


def adapted(loaded: LoadedModel, strategy: Strategy) -> nn.Module:
    """The module that the strategy trains, with ``requires_grad`` set on exactly what trains.

    The head is every parameter outside the encoder, and those inside it that the checkpoint did not hold
    (often a pooler): a random weight that is not trained would make the scores worse without notice.

    Raises:
        ConfigError: nothing is left to train.
        TaskError: the strategy fails, or names parameters that the model does not have.
    """
    model = AdaptableModel(
        module=loaded.module,
        head=loaded.newly_initialized | head_parameters(loaded.module),
        new_tokens=tuple(loaded.new_tokens),
        source=loaded.source,
        head_class=loaded.head_class,
    )
    try:
        with no_exit():
            module = _adapted(model, strategy)
    except (AdaptkitError, MemoryError):
        raise
    except Exception as error:
        _fail(strategy, f"failed: {reason_of(error)}", "the parameters that train", error)
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise ConfigError(
            "a frozen encoder leaves nothing to train: the task's head has no parameters",
            expected="a strategy that trains the encoder",
            next_step="Choose --strategy lora or full.",
        )
    return module


def saved_as(head: object, strategy: Strategy) -> Literal["model", "adapter"]:
    """How a trial with this head is saved. Others start from a masked language model: it is complete."""
    return "model" if head == MASKED_LM else strategy.saved_as


def head_parameters(module: nn.Module) -> frozenset[str]:
    """The names of all parameters outside the encoder, ``module.base_model``."""
    encoder = {id(parameter) for parameter in cast("nn.Module", module.base_model).parameters()}
    return frozenset(name for name, parameter in module.named_parameters() if id(parameter) not in encoder)


def _adapted(model: AdaptableModel, strategy: Strategy) -> nn.Module:
    if strategy.adapt is not None:
        return strategy.adapt(model)
    chosen = _chosen(model, strategy, () if strategy.trained is None else strategy.trained(model))
    for name, parameter in model.module.named_parameters():
        parameter.requires_grad_(name in chosen)
    return model.module


def _chosen(model: AdaptableModel, strategy: Strategy, named: Iterable[str]) -> frozenset[str]:
    names, known = frozenset(named), {name for name, _ in model.module.named_parameters()}
    if names - known:
        unknown = ", ".join(sorted(map(repr, names - known))[:3])
        _fail(strategy, f"names {unknown}, which the model does not have", "names of its parameters")
    if strategy.trains_encoder and not names - model.head:
        _fail(
            strategy,
            f"names no parameter inside the encoder ({type(model.module).__name__})",
            "at least one, unless trains_encoder is False",
        )
    return names | model.head


def _fail(strategy: Strategy, problem: str, expected: str, cause: Exception | None = None) -> NoReturn:
    of = f" of {strategy.distribution}" if strategy.distribution else ""
    raise TaskError(
        f"strategy {strategy.name!r}{of}: it {problem}",
        expected=expected,
        next_step="Correct the strategy, or report this to its author; other strategies are not affected.",
        code="strategy-failed",
    ) from cause
