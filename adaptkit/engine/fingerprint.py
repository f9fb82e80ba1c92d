"""The fingerprint of a frozen encoder's outputs: one SHA-256 of its weights, its settings and its inputs.

Two fingerprints are equal only if the outputs are.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch
import transformers

FORMAT = 3
"""Raise this whenever features are computed, cut or laid out in another way."""

OF_THE_HEAD = ("id2label", "label2id", "num_labels", "problem_type", "architectures", "_name_or_path")
"""Settings of an encoder's configuration that its hidden states do not depend on."""


def of_encoder(encoder: Any, beyond: Iterable[str], *facts: object) -> str:
    """The fingerprint of an encoder.

    Args:
        encoder: a transformers model without head.
        beyond: names of its tensors that its hidden states do not depend on, such as a pooler's.
        facts: what else its outputs depend on: the precision, the kind of device.
    """
    left_out = set(beyond)
    tensors = {name: tensor for name, tensor in encoder.state_dict().items() if name not in left_out}
    settings = {name: value for name, value in encoder.config.to_dict().items() if name not in OF_THE_HEAD}
    versions = (torch.__version__, transformers.__version__)
    return of_tensors(tensors, FORMAT, type(encoder).__qualname__, settings, versions, *facts)


def of_tensors(tensors: Mapping[str, torch.Tensor], *facts: object) -> str:
    """The fingerprint of tensors, by name, type, shape and contents, and of facts that have a JSON form."""
    digest = hashlib.sha256(json.dumps(facts, sort_keys=True, default=str).encode())
    for name, tensor in sorted(tensors.items()):
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()
