"""Texts cut to a number of tokens, for tasks that pair them. Knows nothing of rows, labels or files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def shortened(texts: Sequence[str], tokenizer: PreTrainedTokenizerBase, most: int) -> list[str]:
    """The texts, each cut where its token number ``most`` (from 0) begins; shorter ones as they are.

    For texts that are to be paired: of two texts that are both too long, a fast tokenizer that truncates
    makes every pair of a piece cut off of one and a piece cut off of the other, gigabytes for two texts of
    5,000 words. Cut to ``max_length`` tokens each beforehand, they have next to nothing cut off.

    Cut between two tokens, a text keeps the tokens it had before the cut. A tokenizer that is not fast
    cannot tell where a token begins, and makes no such pairs: its texts stay as they are.
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
    """Whether it may have more tokens than this; to tokenize every text twice would take twice the time.

    An ASCII text has no more tokens than characters, and the one that some tokenizers put before it.
    """
    return len(text) >= most or not text.isascii()
