"""Shortens texts to a number of tokens before they are paired. For plugin authors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def shortened(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, most: int) -> list[str]:
    """The texts, each shortened to its first ``most`` tokens; shorter texts are not changed.

    Use it before a tokenizer call with two texts. When a fast tokenizer truncates a pair of texts that are
    both too long, it creates every combination of a truncated part of one and a truncated part of the other:
    gigabytes for two texts of 5,000 words. After both are shortened to ``max_length`` tokens, almost nothing
    is truncated.

    A text is shortened between two tokens, so the tokens before that place stay the same. A slow tokenizer
    does not give the positions of tokens, and does not create such combinations: its texts are not changed.
    """
    cut = list(texts)
    long = [position for position, text in enumerate(cut) if _may_be_longer(text, most)]
    if not long or not tokenizer.is_fast:
        return cut
    batch = tokenizer(
        [cut[position] for position in long],
        add_special_tokens=False,
        return_attention_mask=False,
        return_token_type_ids=False,
        verbose=False,
    )
    for position, encoding in zip(long, batch.encodings or (), strict=True):
        if len(encoding) > most:
            cut[position] = cut[position][: encoding.offsets[most][0]]
    return cut


def _may_be_longer(text: str, most: int) -> bool:
    """Whether the text may have more than ``most`` tokens; saves tokenizing every text twice.

    An ASCII text has at most as many tokens as characters, plus one that some tokenizers add in front.
    """
    return len(text) >= most or not text.isascii()
