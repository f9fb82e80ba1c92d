"""LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): low-rank updates beside frozen weights, by peft.

Every linear layer of the encoder gets an update. What is newly initialised is trained in full and saved with
the adapter, as are the embeddings of the task's new tokens.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, cast

from adaptkit.errors import ModelError
from adaptkit.strategy import AdaptableModel, Strategy, StrategySpace
from adaptkit.system.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn


PEFT_TASK_TYPES = {
    "AutoModelForTokenClassification": "TOKEN_CLS",
    "AutoModelForSequenceClassification": "SEQ_CLS",
}
"""Not of question answering: peft's class for it does not pass the token types on, which tell the question
from the context, so an adapter and the same model merged would predict differently."""

ALPHA_PER_RANK = 2
"""The update is scaled by alpha / rank; twice the rank is the common choice."""


def lora(*, rank: int = 8) -> Strategy:
    """LoRA of this rank on every linear layer of the encoder, and the head."""
    return Strategy(
        name="lora",
        in_words="with LoRA (a low-rank adapter and the head were trained)",
        space=StrategySpace(learning_rate=(1e-4, 2e-3), default_learning_rate=5e-4, token_factor=2),
        adapt=partial(adapt, rank=rank),
        saved_as="adapter",
        merged=lambda module: cast("Any", module).merge_and_unload(),
    )


def adapt(model: AdaptableModel, rank: int) -> nn.Module:
    """The model wrapped by peft, with LoRA of ``rank`` on every linear layer of the encoder.

    Raises:
        ModelError: the encoder has no linear layer.
    """
    from peft import LoraConfig, get_peft_model

    trained_in_full = newly_initialized_modules(model.module, model.head)
    targets = list(linear_layers(model.module, tuple(trained_in_full)))
    if not targets:
        raise ModelError(
            f"{model.source} has no linear layer to adapt",
            expected="an encoder made of torch.nn.Linear layers",
            next_step="Choose --strategy full or frozen for this model.",
        )
    new_tokens = list(model.new_tokens)
    config = LoraConfig(
        r=rank,
        lora_alpha=ALPHA_PER_RANK * rank,
        target_modules=targets,
        modules_to_save=trained_in_full,
        task_type=PEFT_TASK_TYPES.get(model.head_class),
        trainable_token_indices={embeddings_of(model.module): new_tokens} if new_tokens else None,
    )
    with quiet():
        adapted = get_peft_model(cast("Any", model.module), config)
    _train_the_rest(model, trained_in_full)
    # peft records where the weights were found on this machine; others need the name that the user gave.
    config.base_model_name_or_path = model.source
    return adapted


def _train_the_rest(model: AdaptableModel, in_full: list[str]) -> None:
    """Train what is newly initialised in a module that is tied to the encoder, such as an output's bias."""
    names = {name for name in model.head if not any(name.startswith(f"{one}.") for one in in_full)}
    for name in names:
        cast("Any", model.module).get_parameter(name).requires_grad_(True)


def embeddings_of(module: Any) -> str:
    """The full name of the model's table of token embeddings."""
    table = module.get_input_embeddings()
    names: list[str] = [name for name, inner in module.named_modules() if inner is table]
    return names[0]


def newly_initialized_modules(
    module: nn.Module, newly_initialized: frozenset[str], prefix: str = ""
) -> list[str]:
    """The outermost submodules made of nothing but ``newly_initialized`` parameters, by their full names."""
    names = {f"{prefix}{name}" for name, _ in module.named_parameters()}
    if names and names <= newly_initialized and prefix:
        return [prefix.removesuffix(".")]
    return [
        name
        for child, inner in module.named_children()
        for name in newly_initialized_modules(inner, newly_initialized, f"{prefix}{child}.")
    ]


def linear_layers(module: nn.Module, outside: tuple[str, ...]) -> Iterator[str]:
    """The full names of the linear layers that are in none of the modules named by ``outside``.

    A layer that shares its weight with the token embeddings is left out: it stays what they are.
    """
    from torch import nn

    table = getattr(cast("Any", module).get_input_embeddings(), "weight", None)
    for name, inner in module.named_modules():
        elsewhere = any(name == one or name.startswith(f"{one}.") for one in outside)
        if isinstance(inner, nn.Linear) and not elsewhere and inner.weight is not table:
            yield name
