"""peft's trainable tokens, looked up without a copy of the complete table of embeddings for each trial.

peft writes the trained rows into a copy of the table in every forward pass, and under vmap into one for each
trial. Here a token's embedding is read from the frozen table, which all trials share, or from the trial's few
rows.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
from torch import nn
from torch.nn.functional import embedding


def _forward(layer: Any, ids: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    """Token ids ``[...]`` → embeddings ``[..., width]``."""
    (name,) = layer.active_adapters
    places = layer.places_of_tokens[ids].unsqueeze(-1)  # [..., 1], -1 for a token that is not trained
    trained = embedding(places.squeeze(-1).clamp_min(0), layer.trainable_tokens_delta[name])  # [..., width]
    return torch.where(places < 0, layer.base_layer(ids), trained)


def use_rows(module: nn.Module) -> bool:
    """Replaces the forward pass of the module's plain layers of trainable tokens.

    Returns:
        Whether there was such a layer.
    """
    if not hasattr(module, "peft_config"):  # not wrapped by peft, which takes long to import
        return False
    from peft.tuners.trainable_tokens.layer import TrainableTokensLayer

    found: list[Any] = [
        one for one in module.modules() if isinstance(one, TrainableTokensLayer) and _is_plain(one)
    ]
    for layer in found:
        (name,) = layer.active_adapters
        weight = layer.base_layer.weight
        places = torch.full((len(weight),), -1)  # [tokens]
        places[layer.token_indices[name]] = torch.arange(len(layer.token_indices[name]))
        layer.register_buffer("places_of_tokens", places.to(weight.device), persistent=False)
        layer.forward = MethodType(_forward, layer)
    return bool(found)


def _is_plain(layer: Any) -> bool:
    """Whether the layer is on a table of embeddings of the usual kind, with one adapter of its own."""
    base = layer.base_layer
    return (
        type(base) is nn.Embedding
        and base.max_norm is None
        and len(layer.active_adapters) == 1
        and not layer.tied_adapter
        and not layer.merged
        and not layer.disable_adapters
    )
