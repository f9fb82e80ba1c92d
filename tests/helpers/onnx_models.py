"""Tiny models of each encoder family with a plugin's head and a tokenizer, ready to be written as ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from adaptkit.config import DataConfig
from adaptkit.data.load import load, read_unlabelled
from adaptkit.data.rows import Rows
from adaptkit.engine.forward import Forward
from adaptkit.engine.prepare import Model
from adaptkit.models.loading import load_model
from adaptkit.testing.tiny import byte_level_tokenizer, wordpiece_tokenizer
from tests.helpers.models import tiny_config

TASKS = (
    "text-classification", "ner", "nli", "similarity", "multi-label", "multiple-choice", "qa",
    "token-multi-label",
)  # fmt: skip
FAMILIES = ("bert", "roberta", "distilbert", "modernbert", "deberta-v2", "deberta-v3")
V3: dict[str, Any] = {"position_biased_input": False, "type_vocab_size": 0}
"""What DeBERTa-v3 has otherwise than v2."""


def write_encoder(folder: Path, family: str, *, word_level: bool) -> Path:
    """An encoder with random weights and the tokenizer of its kind, as a model folder."""
    texts = ["the quick brown fox jumps over the lazy dog of Mr Smith in Paris, and who slept?"] * 3
    byte_level = family in ("roberta", "modernbert")
    tokenizer = (
        byte_level_tokenizer(texts, word_level=word_level, words=400, max_length=44)
        if byte_level
        else wordpiece_tokenizer(texts, words=400, max_length=44)
    )
    torch.manual_seed(0)
    config = tiny_config(family.replace("v3", "v2"), **(V3 if family == "deberta-v3" else {}))
    config.vocab_size, config.pad_token_id = len(tokenizer), tokenizer.pad_token_id
    if family in ("distilbert", "deberta-v3") and "token_type_ids" in tokenizer.model_input_names:
        tokenizer.model_input_names = ["input_ids", "attention_mask"]
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def sample_rows(task: Any) -> Rows:
    """Rows of the task's sample, without their answers."""
    return read_unlabelled(task, str(task.sample), columns={}, skip_bad_rows=True)


def ready_model(folder: Path, task: Any, labels: tuple[str, ...]) -> Model:
    """The encoder in the folder with the task's head, which is newly initialised."""
    loaded = load_model(task, str(folder), labels, seed=0, max_length=None)
    names = frozenset({*loaded.tokenizer.model_input_names, *task.head_inputs})
    forward = Forward(task=task, module=loaded.module, inputs=names, device=torch.device("cpu"))
    return Model(
        module=loaded.module, forward=forward, tokenizer=loaded.tokenizer, labels=labels,
        max_length=loaded.max_length,
    )  # fmt: skip


def sample_labels(task: Any) -> tuple[str, ...]:
    """The labels of the task's sample."""
    return load(task, DataConfig(), 0).labels if task.labels_of else ()
