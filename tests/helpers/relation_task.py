"""A task with new tokens, and a head that receives the places of two marked words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import DataCollatorWithPadding

from adaptkit import Example, Row, Task
from tests.helpers.mood_tasks import ACCURACY, decode_texts

FIRST, SECOND = "[A]", "[B]"
NAMES = ("Ada", "Bo", "Cy", "Di", "Ed", "Flo")
VERBS = {"knows": "friend", "pays": "client"}

RELATED: list[Row] = [
    {"text": f"{FIRST} {one} {verb} {SECOND} {other} today", "label": label}
    for position, one in enumerate(NAMES)
    for other, (verb, label) in zip(NAMES[position - 2 : position] or NAMES[:2], VERBS.items(), strict=True)
]


def encode(rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], limit: int) -> list[Example]:
    first, second = tokenizer.convert_tokens_to_ids([FIRST, SECOND])
    examples = []
    for position, row in enumerate(rows):
        inputs = dict(tokenizer(row["text"], truncation=True, max_length=limit))
        ids = inputs["input_ids"]
        inputs["places"] = [ids.index(one) if one in ids else 0 for one in (first, second)]
        if "label" in row:
            inputs["labels"] = list(labels).index(row["label"])
        examples.append(Example(row=position, inputs=inputs))
    return examples


class TwoStates(torch.nn.Module):
    """A linear layer on the states of two tokens."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.out = torch.nn.Linear(2 * width, labels)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        chosen = places.unsqueeze(-1).expand(-1, -1, hidden.shape[-1])  # [batch, 2, width]
        logits: torch.Tensor = self.out(hidden.gather(1, chosen).flatten(1))  # [batch, labels]
        return logits


def relating(**changes: Any) -> Task:
    """How the two marked persons of a text are related."""
    parts: dict[str, Any] = {
        "name": "relations",
        "columns": {"text": "a text with two marked persons", "label": "their relation"},
        "head": lambda config, labels: TwoStates(config.hidden_size, len(labels)),
        "head_inputs": ("places",),
        "new_tokens": (FIRST, SECOND),
        "encode": encode,
        "decode": decode_texts,
        "collator": DataCollatorWithPadding,
        "metric": ACCURACY,
    }
    return Task(**{**parts, **changes})
