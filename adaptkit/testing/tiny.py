"""A tiny encoder with random weights, and tokenizers trained on a few texts, to check a task with.

The encoder is written as a model folder, so that it is loaded like a user's model.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import ascii_lowercase

import tokenizers
import transformers

from adaptkit.system.quiet import quiet

MAX_LENGTH = 64
"""The most tokens in an example: so few that a text of some sentences has more."""

POSITIONS = 96
"""More than `MAX_LENGTH`, so that a batch can have more padding."""

WORDS = 800
"""The most sub-words: so few that words are split."""

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}


BYTE_LEVEL_SPECIAL = {"pad_token": "<pad>", "cls_token": "<s>", "sep_token": "</s>", "mask_token": "<mask>"}


def write_encoder(folder: Path, texts: Iterable[str]) -> Path:
    """A tiny BERT, and a WordPiece tokenizer trained on the texts."""
    return write_bert(folder, wordpiece_tokenizer(texts), positions=POSITIONS, inner=64)


def write_bert(
    folder: Path, tokenizer: transformers.PreTrainedTokenizerBase, *, positions: int, inner: int
) -> Path:
    """A BERT of two small layers, without dropout, as a model folder.

    Args:
        folder: the folder to write.
        tokenizer: its tokenizer.
        positions: the most tokens of an example.
        inner: the width of the feed-forward layers.
    """
    config = transformers.BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=inner, max_position_embeddings=positions, pad_token_id=0, initializer_range=0.2,
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    with quiet():
        transformers.BertModel(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def wordpiece_tokenizer(
    texts: Iterable[str], *, words: int = WORDS, max_length: int = MAX_LENGTH
) -> transformers.PreTrainedTokenizerBase:
    """A WordPiece tokenizer like BERT's, in lower case, with token types for pairs.

    Args:
        texts: the texts to train it on.
        words: the most sub-words.
        max_length: the most tokens of an example.
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
    """A byte-level BPE tokenizer like RoBERTa's and ModernBERT's, without token types.

    As in a study, it puts a space before each word for a word-level task. The offsets of a word include the
    space before it.

    Args:
        texts: the texts to train it on.
        word_level: whether a space is put before each word.
        words: the most sub-words, including the 256 bytes.
        max_length: the most tokens of an example.
    """
    core = tokenizers.Tokenizer(tokenizers.models.BPE())
    core.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=word_level)
    core.decoder = tokenizers.decoders.ByteLevel()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=words, special_tokens=["<s>", "<pad>", "</s>", "<mask>"], show_progress=False,
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
