"""Leaves the embeddings of tokens that do not occur out of a slot, because no gradient reaches them.

Half of a small encoder's parameters are token embeddings, and a study's data use few of them. Where the
embeddings train, a trial's slot holds those of the tokens in the study's data; the others keep their values.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import embedding

from adaptkit.data.encode import Bucket
from adaptkit.engine.trial_stack import layout_of, write_slot

AT_ONCE = 4096


class OccurringTokens(nn.Module):
    """Replaces the token embeddings, with a vector for each token that occurs and for no other."""

    def __init__(self, full: nn.Embedding, tokens: torch.Tensor) -> None:
        """``tokens``: ``[occurring]``, the ids that occur, in ascending order."""
        super().__init__()
        places = torch.zeros(full.num_embeddings, dtype=torch.long)  # [vocabulary]
        places[tokens] = torch.arange(len(tokens))
        self.weight = nn.Parameter(full.weight.detach()[tokens.to(full.weight.device)].clone())
        self.register_buffer("places", places.to(full.weight.device), persistent=False)
        padding = full.padding_idx
        self.padding_idx = None if padding is None or padding not in tokens else int(places[padding])

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Token ids ``[...]`` → embeddings ``[..., width]``; each id must be one that occurs."""
        return embedding(self.places[ids], self.weight, self.padding_idx)  # type: ignore[index]


def occurring(buckets: Iterable[Bucket]) -> torch.Tensor:
    """The token ids that occur in the buckets, in ascending order: ``[occurring]``."""
    ids = [
        torch.unique(bucket.tensors.at(slice(start, start + AT_ONCE))["input_ids"])
        for bucket in buckets
        if "input_ids" in bucket.tensors
        for start in range(0, len(bucket.positions), AT_ONCE)
    ]
    return torch.unique(torch.cat(ids)).cpu() if ids else torch.empty(0, dtype=torch.long)


def trim(module: nn.Module, tokens: torch.Tensor) -> nn.Embedding | None:
    """Replaces the module's token embeddings by `OccurringTokens`, if those train.

    Returns:
        The full embeddings, for `restore`. None if nothing was replaced, because the embeddings do not train,
        are of an unusual kind, or share their weight with another part of the model.

    Raises:
        ValueError: the embeddings were replaced before.
    """
    if not hasattr(module, "get_input_embeddings") or not len(tokens):
        return None
    model: Any = module
    full = model.get_input_embeddings()
    if isinstance(full, OccurringTokens):
        raise ValueError("the module's token embeddings are already those of an earlier training")
    if type(full) is not nn.Embedding or not full.weight.requires_grad or full.max_norm is not None:
        return None
    owners = [one for one in module.modules() if any(p is full.weight for p in one.parameters(recurse=False))]
    if len(owners) > 1:
        return None
    model.set_input_embeddings(OccurringTokens(full, tokens))
    return full


@torch.no_grad()
def restore(module: nn.Module, full: nn.Embedding, tokens: torch.Tensor) -> None:
    """Puts the full embeddings back, with the trained values of the occurring tokens ``[occurring]``."""
    model: Any = module
    full.weight[tokens.to(full.weight.device)] = model.get_input_embeddings().weight.to(full.weight.device)
    model.set_input_embeddings(full)


def write_trial(module: nn.Module, parameters: torch.Tensor, tokens: torch.Tensor | None) -> None:
    """Writes a trial's parameters ``[P]`` into a module with all its token embeddings.

    Args:
        module: as its strategy trains it.
        parameters: the trial's trainable parameters, in the order of its slot.
        tokens: ``[occurring]``, the tokens whose embeddings are among them. None if none were left out.

    Raises:
        ValueError: the module trains another number of parameters.
    """
    full = None if tokens is None else trim(module, tokens)
    layout = layout_of(module)
    if layout.width != len(parameters):
        raise ValueError(f"the trial has {len(parameters):,} parameters, the model trains {layout.width:,}")
    write_slot(module, layout, parameters)
    if full is not None and tokens is not None:
        restore(module, full, tokens)
