"""The fast paths by name, and the one function that applies those that replace parts of a model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from torch import nn

from adaptkit.engine.patches.attention import use_attention
from adaptkit.engine.patches.lora import use_updates
from adaptkit.engine.patches.new_tokens import use_rows

FAST_PATHS = ("attention", "lora", "first_token", "last_layer", "vocabulary")
"""All of them. ``--no-fast-paths`` uses none. The engine takes names, so that each can be measured alone."""


def patch_model(
    model: nn.Module, adapted: nn.Module, wanted: Collection[str], *, bfloat16: bool
) -> tuple[str, ...]:
    """Applies those of the wanted fast paths that replace parts of a model.

    The others depend on the data, too: `features.FrozenEncoder` keeps the states of the first token only, and
    `prepare.make_training` narrows the last layer and leaves out the embeddings of tokens that do not occur.

    Args:
        model: the transformers model.
        adapted: the same model as its strategy trains it.
        wanted: names among `FAST_PATHS`.
        bfloat16: whether it is trained in bfloat16.

    Returns:
        The names of those that are in use now.
    """
    patches: Mapping[str, Callable[[], bool]] = {
        "attention": lambda: use_attention(model),
        "lora": lambda: use_rows(adapted) | use_updates(adapted, bfloat16=bfloat16),
    }
    return tuple(name for name, apply in patches.items() if name in wanted and apply())
