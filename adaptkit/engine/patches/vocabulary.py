"""Leaves out of a slot what no gradient can reach: the embeddings of tokens that do not occur.

Half of a small encoder's parameters are token embeddings, and a study's data use few of them. Where the
embeddings train, only those of tokens in the study's data are in a trial's slot; the others stay as they
were. Knows no optimiser, no files and no tokenizer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import embedding

from adaptkit.data.encode import Bucket
from adaptkit.engine.trial_stack import layout_of, write_slot


class OccurringTokens(nn.Module):
    """Stands where the token embeddings stood, with a row for each token that occurs and no other."""

    def __init__(self, whole: nn.Embedding, tokens: torch.Tensor) -> None:
        """``tokens``: ``[occurring]``, the ids that occur, rising."""
        super().__init__()
        places = torch.zeros(whole.num_embeddings, dtype=torch.long)  # [vocabulary]
        places[tokens] = torch.arange(len(tokens))
        self.weight = nn.Parameter(whole.weight.detach()[tokens.to(whole.weight.device)].clone())
        self.register_buffer("places", places.to(whole.weight.device), persistent=False)
        padding = whole.padding_idx
        self.padding_idx = None if padding is None or padding not in tokens else int(places[padding])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Token ids ``[...]`` → embeddings ``[..., width]``; an id that does not occur has no meaning."""
        return embedding(self.places[ids], self.weight, self.padding_idx)  # type: ignore[index]


def occurring(buckets: Iterable[Bucket]) -> torch.Tensor:
    """The token ids that occur in the buckets, rising: ``[occurring]``."""
    ids = [torch.unique(bucket.tensors["input_ids"]) for bucket in buckets if "input_ids" in bucket.tensors]
    return torch.unique(torch.cat(ids)).cpu() if ids else torch.empty(0, dtype=torch.long)


def trim(module: nn.Module, tokens: torch.Tensor) -> nn.Embedding | None:
    """Puts `OccurringTokens` in the place of the module's token embeddings, if those train.

    Returns the whole embeddings, for `restore`; None where nothing was done: the embeddings do not train,
    are of an unusual kind, or share their weight with another part of the model. Raises ValueError if it
    was done before.
    """
    if not hasattr(module, "get_input_embeddings") or not len(tokens):
        return None
    model: Any = module
    whole = model.get_input_embeddings()
    if isinstance(whole, OccurringTokens):
        raise ValueError("the module's token embeddings are those of an earlier training already")
    if type(whole) is not nn.Embedding or not whole.weight.requires_grad or whole.max_norm is not None:
        return None
    owners = [
        one for one in module.modules() if any(p is whole.weight for p in one.parameters(recurse=False))
    ]
    if len(owners) > 1:
        return None
    model.set_input_embeddings(OccurringTokens(whole, tokens))
    return whole


@torch.no_grad()
def restore(module: nn.Module, whole: nn.Embedding, tokens: torch.Tensor) -> None:
    """Puts the whole embeddings back, with what the occurring tokens ``[occurring]`` have learnt."""
    model: Any = module
    whole.weight[tokens.to(whole.weight.device)] = model.get_input_embeddings().weight.to(whole.weight.device)
    model.set_input_embeddings(whole)


def write_trial(module: nn.Module, parameters: torch.Tensor, tokens: torch.Tensor | None) -> None:
    """Writes a trial's parameters ``[P]`` into a whole module.

    Args:
        module: as its strategy trains it, with all its token embeddings.
        parameters: the trial's trainable parameters, as they lie in its slot.
        tokens: ``[occurring]``, those whose embeddings are among them; None where none were left out.

    Raises:
        ValueError: the module trains another number of parameters.
    """
    whole = None if tokens is None else trim(module, tokens)
    layout = layout_of(module)
    if layout.width != len(parameters):
        raise ValueError(f"the trial has {len(parameters):,} parameters, the model trains {layout.width:,}")
    write_slot(module, layout, parameters)
    if whole is not None and tokens is not None:
        restore(module, whole, tokens)
