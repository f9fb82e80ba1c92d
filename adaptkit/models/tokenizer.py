"""Loads a model's tokenizer, and checks that it is the one that the model was made with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ModelError
from adaptkit.models.files import loading
from adaptkit.models.fingerprint import TOKENIZER_FILES, tokenizer_files

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SMALLEST_SHARE, USUAL_SHARE = 0.5, 0.95
"""The share of the embeddings that a tokenizer has tokens for: below the first it is refused, below the
second there is a note. Models have a few embeddings more than tokens, up to a round number."""

NEEDED_INPUTS = frozenset({"input_ids", "attention_mask"})

FEWEST_TOKENS = 4
"""The least that a model must be able to read: two tokens between the two that mark the ends."""


def load_tokenizer(location: str, model: str, *, word_level: bool) -> PreTrainedTokenizerBase:
    """The model's fast tokenizer; for word-level tasks, one that treats each word as following a space.

    Raises:
        ModelError: the model has no tokenizer, no fast one, or one without a token for padding.
    """
    from transformers import AutoTokenizer

    if Path(location).is_dir() and not tokenizer_files(Path(location)):
        raise ModelError(
            f"{model} has no tokenizer: none of the files {', '.join(TOKENIZER_FILES)}",
            expected="the tokenizer that the model was trained with, in the model's folder",
            next_step="Save it there: AutoTokenizer.from_pretrained(ORIGINAL).save_pretrained(folder).",
            code="no-tokenizer",
        )
    with loading(model):
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            location, use_fast=True, trust_remote_code=False
        )
    if not tokenizer.is_fast:
        raise ModelError(
            f"{model} has no fast tokenizer ({type(tokenizer).__name__})",
            expected="a tokenizer.json, which gives the word and the characters of each token",
            next_step="Choose a model with a fast tokenizer.",
            code="slow-tokenizer",
        )
    _pad_on_the_right(tokenizer)
    if word_level:
        _add_prefix_space(tokenizer)
    return tokenizer


def refuse_unfit_tokenizer(module: Any, tokenizer: PreTrainedTokenizerBase, model: str) -> str:
    """Compare the tokenizer with the model's tables of embeddings.

    Returns:
        A note if the tokenizer has far fewer tokens than there are embeddings, or marks no text's start; else
        an empty text.

    Raises:
        ModelError: the tokenizer has no token for padding, or does not fit the tables.
    """
    inputs = tokenizer.model_input_names
    if not set(inputs) >= NEEDED_INPUTS:
        raise _unfit(model, f"the tokenizer gives {inputs} only (model_input_names in tokenizer_config.json)")
    vocabulary, rows = tokenizer.get_vocab(), _rows_of(module)
    highest = max(vocabulary.values(), default=-1)
    if highest >= rows:
        raise _unfit(model, f"the tokenizer has token ids up to {highest}, but there are {rows} embeddings")
    if len(vocabulary) < SMALLEST_SHARE * rows:
        raise _unfit(model, f"the tokenizer has {len(vocabulary)} tokens for {rows} embeddings")
    if tokenizer.pad_token_id is None:
        raise ModelError(
            f"the tokenizer of {model} has no token for padding (the model's pad_token_id is"
            f" {module.config.pad_token_id})",
            expected="a pad_token in tokenizer_config.json, with the id that the model has for it",
            next_step="Set tokenizer.pad_token and save the tokenizer again, or choose another model.",
            code="no-pad-token",
        )
    padding = _padding_of_positions(module)
    if padding is not None and padding != tokenizer.pad_token_id:
        raise _unfit(
            model,
            f"the tokenizer pads with the token {tokenizer.pad_token_id}, but the model counts positions"
            f" from the token {padding}",
        )
    if len(vocabulary) < USUAL_SHARE * rows:
        return f"the tokenizer of {model} has {len(vocabulary):,} tokens, but there are {rows:,} embeddings"
    if tokenizer.cls_token is not None and not tokenizer.num_special_tokens_to_add():
        return f"the tokenizer of {model} does not put its token {tokenizer.cls_token!r:.40} before a text"
    return ""


def length_limit(module: Any, tokenizer: PreTrainedTokenizerBase) -> int:
    """The most tokens that the model can read: the smaller of its tokenizer's and its positions' limit."""
    positions = getattr(module.config, "max_position_embeddings", None) or 10**6
    padding = _padding_of_positions(module)
    if padding is not None:  # RoBERTa counts positions from padding + 1
        positions -= padding + 1
    try:
        return min(int(positions), int(tokenizer.model_max_length))
    except (TypeError, ValueError, OverflowError) as error:
        limits = f"{positions!r:.40} and {tokenizer.model_max_length!r:.40}"
        raise _unfit(str(tokenizer.name_or_path), f"its limits of tokens are {limits}") from error


def refuse_short_limit(limit: int, model: str) -> None:
    """Raise ModelError if the model and its tokenizer allow hardly any token."""
    if limit < FEWEST_TOKENS:
        raise _unfit(model, f"the model and its tokenizer allow texts of {limit} tokens only")


def _rows_of(module: Any) -> int:
    return int(module.get_input_embeddings().weight.shape[0])


def _padding_of_positions(module: Any) -> int | None:
    """The token id that positions are counted from; None if they are counted from 0."""
    table = getattr(getattr(module.base_model, "embeddings", None), "position_embeddings", None)
    return getattr(table, "padding_idx", None)


def _unfit(model: str, problem: str) -> ModelError:
    return ModelError(
        f"{model}: {problem}",
        expected="the tokenizer that the model was trained with, in the model's folder",
        next_step="Save it there: AutoTokenizer.from_pretrained(ORIGINAL).save_pretrained(folder).",
        code="tokenizer-does-not-fit",
    )


def _pad_on_the_right(tokenizer: Any) -> None:
    """Pad after the text, and only in batches, whatever the files say.

    Padding before the text moves the text's first token, whose state heads read, and all positions.
    """
    tokenizer.backend_tokenizer.no_padding()
    tokenizer.padding_side = tokenizer.init_kwargs["padding_side"] = "right"


def _add_prefix_space(tokenizer: Any) -> None:
    """Make byte-level tokenizers (of RoBERTa or ModernBERT) treat the first word as following a space.

    The setting is written into the tokenizer's own description, so it is saved with the model.
    """
    from tokenizers import Tokenizer

    description = json.loads(tokenizer.backend_tokenizer.to_str())
    pre_tokenizer = description.get("pre_tokenizer") or {}
    stages = pre_tokenizer.get("pretokenizers", [pre_tokenizer])
    byte_level = [stage for stage in stages if stage.get("type") == "ByteLevel"]
    if all(stage["add_prefix_space"] for stage in byte_level):
        return
    for stage in byte_level:
        stage["add_prefix_space"] = True
    tokenizer.backend_tokenizer.pre_tokenizer = Tokenizer.from_str(json.dumps(description)).pre_tokenizer
    tokenizer.add_prefix_space = True
    tokenizer.init_kwargs["add_prefix_space"] = True
