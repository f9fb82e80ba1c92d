"""Tiny encoders of five families with random weights, to prove a strategy with."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
import transformers

from adaptkit.system.quiet import quiet
from adaptkit.testing.tiny import POSITIONS, wordpiece_tokenizer

FAMILIES = ("bert", "roberta", "distilbert", "modernbert", "deberta-v2")


def write_family(folder: Path, family: str, texts: Iterable[str]) -> Path:
    """A tiny encoder of this family, and a tokenizer trained on the texts, as a model folder."""
    tokenizer = wordpiece_tokenizer(texts)
    if family not in ("bert", "deberta-v2"):
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
    with torch.random.fork_rng(devices=[]), quiet():
        torch.manual_seed(0)
        transformers.AutoModel.from_config(_config(family, len(tokenizer))).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def _config(family: str, vocabulary: int) -> Any:
    """Two small layers without dropout, so that the same numbers come out twice."""
    kinds: Any = transformers
    without: dict[str, Any] = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    sizes: dict[str, Any] = {
        "vocab_size": vocabulary, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2,
        "intermediate_size": 48, "max_position_embeddings": POSITIONS, "pad_token_id": 0,
        "initializer_range": 0.2,
    }  # fmt: skip
    marks: dict[str, Any] = {"cls_token_id": 2, "sep_token_id": 3, "bos_token_id": 2, "eos_token_id": 3}
    if family == "distilbert":
        return kinds.DistilBertConfig(
            vocab_size=vocabulary, dim=32, n_layers=2, n_heads=2, hidden_dim=48, pad_token_id=0,
            max_position_embeddings=POSITIONS, initializer_range=0.2, dropout=0.0, attention_dropout=0.0,
        )  # fmt: skip
    if family == "modernbert":
        return kinds.ModernBertConfig(
            **sizes, **marks, local_attention=8, global_attn_every_n_layers=2, norm_bias=True,
            attention_bias=True, mlp_bias=True,
        )  # fmt: skip
    if family == "roberta":
        return kinds.RobertaConfig(**sizes, **without, bos_token_id=2, eos_token_id=3)
    if family == "deberta-v2":
        return kinds.DebertaV2Config(
            **sizes, **without, relative_attention=True, pos_att_type=["p2c", "c2p"], position_buckets=8,
            norm_rel_ebd="layer_norm", share_att_key=True,
        )  # fmt: skip
    return kinds.BertConfig(**sizes, **without)
