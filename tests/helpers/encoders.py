"""Tiny encoders of eight families, with one batch of examples for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
import transformers

from adaptkit.data.encode import collate
from adaptkit.engine.prepare import prepare_model
from adaptkit.strategies.registry import built_in
from tests.helpers.number_task import VOCABULARY, encode_numbers, number_rows, number_task

FAMILIES = ("bert", "albert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet", "electra")


def model_of(family: str, head_class: str, tiny_model: Any) -> Any:
    """A loaded model, of two more families than `tiny_model` has."""
    loaded = tiny_model("bert", head_class)
    settings: dict[str, Any] = {
        "vocab_size": VOCABULARY, "hidden_size": 16, "embedding_size": 8, "num_hidden_layers": 2,
        "num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 48, "num_labels": 3,
        "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0, "classifier_dropout_prob": 0.0,
        "initializer_range": 0.2, "pad_token_id": 0,
    }  # fmt: skip
    kinds = {"albert": transformers.AlbertConfig, "electra": transformers.ElectraConfig}
    if family not in kinds:
        return tiny_model(family, head_class)
    torch.manual_seed(0)
    module = getattr(transformers, head_class).from_config(kinds[family](**settings)).eval()
    encoder = {id(parameter) for parameter in module.base_model.parameters()}
    newly_initialized = frozenset(name for name, p in module.named_parameters() if id(p) not in encoder)
    return replace(loaded, module=module, newly_initialized=newly_initialized)


def bucket_of(count: int = 12) -> Any:
    rows = number_rows(count)
    return collate(number_task(), encode_numbers(rows, None, (), 48), range(count), None, 32)  # type: ignore[arg-type]


def prepared(loaded: Any, strategy: str = "full", head: str = "sequence-classification") -> Any:
    return prepare_model(number_task(head), loaded, (), built_in(strategy, 4), device="cpu", bfloat16=False)
