"""LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685): low-rank updates beside frozen weights, by peft.

Every linear layer of the encoder gets an update. What is newly initialised is trained in full and saved with
the adapter, as are the embeddings of the task's new tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit.errors import ModelError
from adaptkit.strategies.frozen import head_parameters
from adaptkit.system.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import nn

    from adaptkit.models.loading import LoadedModel

PEFT_TASK_TYPES = {
    "AutoModelForTokenClassification": "TOKEN_CLS",
    "AutoModelForSequenceClassification": "SEQ_CLS",
}
"""Not of question answering: peft's class for it does not pass the token types on, which tell the question
from the context, so an adapter and the same model merged would predict differently."""

ALPHA_PER_RANK = 2
"""The update is scaled by alpha / rank; twice the rank is the common choice."""


def adapt(loaded: LoadedModel, rank: int) -> nn.Module:
    """The model wrapped by peft, with LoRA of ``rank`` on every linear layer of the encoder.

    Raises:
        ModelError: the encoder has no linear layer.
    """
    from peft import LoraConfig, get_peft_model

    trained_in_full = newly_initialized_modules(
        loaded.module, loaded.newly_initialized | head_parameters(loaded.module)
    )
    targets = list(linear_layers(loaded.module, tuple(trained_in_full)))
    if not targets:
        raise ModelError(
            f"{loaded.source} has no linear layer to adapt",
            expected="an encoder made of torch.nn.Linear layers",
            next_step="Choose --strategy full or frozen for this model.",
        )
    config = LoraConfig(
        r=rank,
        lora_alpha=ALPHA_PER_RANK * rank,
        target_modules=targets,
        modules_to_save=trained_in_full,
        task_type=PEFT_TASK_TYPES.get(loaded.head_class),
        trainable_token_indices={embeddings_of(loaded.module): list(loaded.new_tokens)}
        if loaded.new_tokens
        else None,
    )
    with quiet():
        adapted = get_peft_model(loaded.module, config)
    # peft records where the weights were found on this machine; others need the name that the user gave.
    config.base_model_name_or_path = loaded.source
    return adapted


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
    """The full names of the linear layers that are in none of the modules named by ``outside``."""
    from torch import nn

    for name, inner in module.named_modules():
        if isinstance(inner, nn.Linear) and not any(
            name == one or name.startswith(f"{one}.") for one in outside
        ):
            yield name
