"""Tokens that a task adds to the tokenizer, and their embeddings.

The first value of a new token's embedding is the mean of all embeddings (Hewitt 2021,
https://nlp.stanford.edu/~johnhew/vocab-expansion.html), plus a small vector of its own, so that the tokens
differ where the embeddings do not train.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import AddedToken, PreTrainedTokenizerBase

from adaptkit.errors import ModelError
from adaptkit.system.quiet import quiet

OWN_SHARE = 0.3
"""The length of a token's own vector, as a fraction of the length of a usual difference from the mean."""


def add_tokens(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str]) -> tuple[int, ...]:
    """Add the tokens to the tokenizer, unless it has them, and return the ids of those that are new."""
    known = tokenizer.get_vocab()
    missing = [token for token in dict.fromkeys(tokens) if token not in known]
    if not missing:
        return ()
    tokenizer.add_tokens([AddedToken(token, normalized=False, special=True) for token in missing])
    return ids_of(tokenizer, missing)


def ids_of(tokenizer: PreTrainedTokenizerBase, tokens: Sequence[str]) -> tuple[int, ...]:
    """The ids of tokens that the tokenizer has."""
    known = tokenizer.get_vocab()
    return tuple(known[token] for token in dict.fromkeys(tokens))


@torch.no_grad()
def extend_embeddings(module: Any, new: Sequence[int], model: str) -> None:
    """Give the model's table of embeddings a row for each new token, with its first value.

    Args:
        module: the model.
        new: the ids of the new tokens, above those of all others.
        model: the model's name for messages.

    Raises:
        ModelError: the table cannot be extended.
    """
    if not new:
        return
    trained = module.get_input_embeddings().weight[: min(new)].double()  # [tokens, width]
    resize(module, max(max(new) + 1, len(module.get_input_embeddings().weight)), model)
    table = module.get_input_embeddings().weight  # [tokens and new ones, width]
    generator = torch.Generator().manual_seed(0)  # the same for every seed: confirmation must not change them
    own = torch.randn(len(new), table.shape[1], generator=generator, dtype=torch.double) * trained.std(0)
    table[list(new)] = (trained.mean(0) + OWN_SHARE * own).to(table.dtype)


def resize(module: Any, rows: int, model: str) -> None:
    """Resize the model's table of embeddings to so many rows; raises ModelError if it cannot be resized."""
    if rows == len(module.get_input_embeddings().weight):
        return
    try:
        with quiet():
            module.resize_token_embeddings(rows, mean_resizing=False)
    except Exception as error:  # whatever a class of transformers raises that has an unusual table
        raise ModelError(
            f"{model} cannot have new tokens: {type(error).__name__}: {error}",
            expected="a model with a table of embeddings that can be extended",
            next_step="Choose another model with --model.",
            code="no-new-tokens",
        ) from error
