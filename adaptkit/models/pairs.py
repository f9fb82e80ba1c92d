"""Pairs of texts whose two sides the encoder reads separately, compared by a linear head.

The head reads ``[u, v, |u - v|, u * v]`` of the two pooled texts u and v, as in Conneau et al. 2017
(https://arxiv.org/abs/1705.02364), each of length 1, and their cosine. An example has two sides: its tokens
are ``[2, tokens]``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn.functional import normalize

from adaptkit.task import Example

if TYPE_CHECKING:
    from transformers import PretrainedConfig, PreTrainedTokenizerBase

    from adaptkit.task import Row, Task

SIDES = 2


class PairHead(nn.Module):
    """One linear layer on a comparison of two texts, each the mean of its tokens' states."""

    pooling = "pair"

    def __init__(self, width: int, outputs: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.out = nn.Linear(4 * width + 1, outputs)

    def pool(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Hidden states ``[batch * 2, tokens, width]`` and their mask → ``[batch, 4 * width + 1]``."""
        kept = mask.unsqueeze(-1).to(hidden.dtype)  # [batch * 2, tokens, 1]
        means = (hidden * kept).sum(1) / kept.sum(1).clamp_min(1e-6)  # [batch * 2, width]
        sides = normalize(means, dim=-1).unflatten(0, (-1, SIDES))  # [batch, 2, width]
        one, other = sides[:, 0], sides[:, 1]
        cosine = (one * other).sum(-1, keepdim=True)  # [batch, 1]
        return torch.cat([one, other, (one - other).abs(), one * other, cosine], dim=-1)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """The logits ``[batch, outputs]``, of hidden states or of states that are pooled already."""
        pooled = hidden[:, 0] if hidden.shape[-1] == self.out.in_features else self.pool(hidden, mask)
        logits: torch.Tensor = self.out(self.dropout(pooled))
        return logits


def encoded_apart(task: Task) -> Callable[..., list[Example]]:
    """The task's encode, with the two texts of a row as two sides instead of one pair of segments."""
    columns = tuple(task.text_pair)

    def encode(
        rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
    ) -> list[Example]:
        if not rows:
            return []
        names = set(tokenizer.model_input_names)
        texts = [str(row[column]) for row in rows for column in columns]
        batch = tokenizer(texts, truncation=True, max_length=max_length)
        examples = []
        for example in task.encode(rows, tokenizer, labels, max_length):
            start = SIDES * example.row
            sides = {name: batch[name][start : start + SIDES] for name in names if name in batch}
            others = {name: value for name, value in example.inputs.items() if name not in names}
            examples.append(Example(row=example.row, inputs={**sides, **others}))
        return examples

    return encode


def collated_apart(
    tokenizer: PreTrainedTokenizerBase, pad_to_multiple_of: int | None = None
) -> Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]]:
    """A collator that pads both sides of every example to one length."""

    def collate(examples: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        names = [name for name in tokenizer.model_input_names if name in examples[0]]
        flat = [{name: one[name][side] for name in names} for one in examples for side in range(SIDES)]
        padded = tokenizer.pad(flat, pad_to_multiple_of=pad_to_multiple_of, return_tensors="pt")
        batch = {name: padded[name].unflatten(0, (-1, SIDES)) for name in names}  # [examples, 2, tokens]
        others = {name: [one[name] for one in examples] for name in examples[0] if name not in names}
        return {**batch, **{name: torch.tensor(values) for name, values in others.items()}}

    return collate


def with_sides(task: Task, make_head: Callable[[PretrainedConfig, Sequence[str]], nn.Module]) -> Task:
    """The task with its texts read apart and this head on them."""
    return replace(task, head=make_head, encode=encoded_apart(task), collator=collated_apart)
