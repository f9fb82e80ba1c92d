"""Converts tokens to sub-words: the first one of a token has a 1 or a 0 for each label."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from adaptkit import Example, Row, word_examples

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

IGNORED = -1
"""Instead of a 1 or a 0: at padding, special tokens, and the further sub-words of a token."""


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """The windows of each row, each of at most ``max_length`` sub-words."""
    positions = {label: position for position, label in enumerate(labels)}
    ignored = np.full(len(labels), IGNORED, np.int8)  # [labels]
    examples = word_examples(
        rows, tokenizer, max_length, target=lambda row: _members(row, positions), ignored=ignored
    )
    return [
        replace(one, inputs={**one.inputs, "labels": np.stack(one.inputs["labels"])})  # [sub-words, labels]
        if "labels" in one.inputs
        else one
        for one in examples
    ]


def collator(
    tokenizer: PreTrainedTokenizerBase, pad_to_multiple_of: int | None = None
) -> Callable[[list[dict[str, Any]]], Mapping[str, torch.Tensor]]:
    """Pads like transformers' collators, and the labels with `IGNORED`."""
    import torch
    from transformers import DataCollatorWithPadding

    pad = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=pad_to_multiple_of)

    def collate(examples: list[dict[str, Any]]) -> Mapping[str, torch.Tensor]:
        labels = [one["labels"] for one in examples if "labels" in one]
        batch = dict(pad([{name: one[name] for name in one if name != "labels"} for one in examples]))
        if labels:
            padded = _padded(labels, batch["input_ids"].shape[1], left=tokenizer.padding_side == "left")
            batch["labels"] = torch.from_numpy(padded)
        return batch

    return collate


def _members(row: Row, positions: Mapping[str, int]) -> NDArray[np.int8] | None:
    """``[tokens, labels]``: a 1 for each label of a token, a 0 for all others."""
    if "labels" not in row:
        return None
    members = np.zeros((len(row["tokens"]), len(positions)), np.int8)
    for token, names in enumerate(row["labels"]):
        members[token, [positions[name] for name in names]] = 1
    return members


def _padded(labels: Sequence[NDArray[np.int8]], length: int, *, left: bool) -> NDArray[np.int8]:
    """``[examples, length, labels]``, from ``[sub-words, labels]`` of each example."""
    padded = np.full((len(labels), length, labels[0].shape[1]), IGNORED, np.int8)
    for one, its in zip(padded, labels, strict=True):
        one[slice(length - len(its), None) if left else slice(len(its))] = its
    return padded
