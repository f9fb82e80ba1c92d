"""Converts words to sub-words. The first sub-word of a word carries its label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit import Example, Row, word_examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transformers import PreTrainedTokenizerBase


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """The windows of each row, each of at most ``max_length`` sub-words.

    Raises ValueError if the tokenizer does not give the word of each sub-word.
    """
    label_ids = {label: position for position, label in enumerate(labels)}
    return word_examples(rows, tokenizer, max_length, target=lambda row: _label_ids(row, label_ids))


def _label_ids(row: Row, label_ids: Mapping[str, int]) -> list[int] | None:
    return [label_ids[tag] for tag in row["tags"]] if "tags" in row else None
