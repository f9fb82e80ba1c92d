"""A tiny encoder with random weights, and tokenizers trained on a few texts: what a task is tried out on.

The encoder is written as a model folder, so that it is loaded the way a user's own is. Knows no task.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase

import tokenizers
import transformers

from adaptkit.system.quiet import quiet

MAX_LENGTH = 64
"""Tokens in one example, so few that a text of some sentences is longer."""

POSITIONS = 96
"""More than `MAX_LENGTH`, so that a batch can be padded beyond it."""

WORDS = 800
"""Sub-words at most: few enough for texts to be cut into pieces of words."""

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


BYTE_LEVEL_SPECIAL = {"pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>"}


def write_encoder(folder: Path, texts: Iterable[str]) -> Path:
    """A BERT of two small layers, without dropout, and a WordPiece tokenizer that knows the texts."""
    tokenizer = wordpiece_tokenizer(texts)
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=POSITIONS, pad_token_id=0, initializer_range=0.2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    with quiet():
        transformers.BertModel(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def wordpiece_tokenizer(
    texts: Iterable[str], *, words: int = WORDS, max_length: int = MAX_LENGTH
) -> transformers.PreTrainedTokenizerBase:
    """A WordPiece tokenizer such as BERT's, in lower case, with token types for pairs.

    Args:
        texts: what its sub-words are learnt from.
        words: the most sub-words it has.
        max_length: the tokens of an example that it says a model can take.
    """
    core = tokenizers.Tokenizer(tokenizers.models.WordPiece(unk_token=SPECIAL["unk_token"]))
    core.normalizer = tokenizers.normalizers.BertNormalizer(lowercase=True)
    core.pre_tokenizer = tokenizers.pre_tokenizers.BertPreTokenizer()
    trainer = tokenizers.trainers.WordPieceTrainer(
        vocab_size=words, special_tokens=list(SPECIAL.values()), initial_alphabet=list(ascii_lowercase),
        show_progress=False,
    )  # fmt: skip
    core.train_from_iterator(texts, trainer)
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, core.token_to_id(name)) for name in ("[CLS]", "[SEP]")],
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_max_length=max_length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **SPECIAL,
    )


def byte_level_tokenizer(
    texts: Iterable[str], *, word_level: bool, words: int = WORDS, max_length: int = MAX_LENGTH
) -> transformers.PreTrainedTokenizerBase:
    """A byte-level BPE tokenizer such as RoBERTa's and ModernBERT's, without token types.

    As a study's own, it reads each word as after a space for a word-level task, and else does not. A word's
    offsets take in the space before it.

    Args:
        texts: what its sub-words are learnt from.
        word_level: whether a space is put before each word.
        words: the most sub-words it has; the 256 bytes are among them.
        max_length: the tokens of an example that it says a model can take.
    """
    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=word_level)
    core.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=words, special_tokens=["<s>", "<pad>", "</s>"], show_progress=False,
        initial_alphabet=tokenizers.pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    core.train_from_iterator(texts, trainer)
    core.post_processor = tokenizers.processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core,
        model_max_length=max_length,
        model_input_names=["input_ids", "attention_mask"],
        add_prefix_space=word_level,
        **BYTE_LEVEL_SPECIAL,
    )
