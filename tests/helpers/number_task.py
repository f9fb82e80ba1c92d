"""A tiny task over numbers, without text or tokenizer, and rows for it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from adaptkit.task import Example, Metric, Row, Scores, Task

VOCABULARY = 60
LABELS = ("O", "B-x", "I-x")


def pad_numbers(tokenizer: Any, pad_to_multiple_of: int) -> Callable[[list[dict[str, Any]]], dict[str, Any]]:
    """A collator over lists of numbers; labels are padded with -100."""
    import torch

    fill = {"input_ids": 0, "attention_mask": 0, "labels": -100}

    def collate(batch: list[dict[str, Any]]) -> dict[str, Any]:
        longest = max(len(one["input_ids"]) for one in batch)
        length = -(-longest // pad_to_multiple_of) * pad_to_multiple_of
        return {
            name: torch.tensor([one[name] + [fill[name]] * (length - len(one[name])) for one in batch])
            if isinstance(batch[0][name], list)
            else torch.tensor([one[name] for one in batch])
            for name in batch[0]
        }

    return collate


def encode_numbers(rows: Sequence[Row], tokenizer: Any, labels: Sequence[str], limit: int) -> list[Example]:
    return [
        Example(
            row=position,
            inputs={
                "input_ids": row["ids"],
                "attention_mask": [1] * len(row["ids"]),
                "labels": row["answer"],
            },
        )
        for position, row in enumerate(rows)
    ]


def decode_numbers(outputs: Any, examples: Sequence[Example], labels: Sequence[str]) -> list[Any]:
    best = outputs["logits"].argmax(-1)
    if best.ndim == 1:
        return list(best.tolist())
    return [
        row[: len(example.inputs["input_ids"])].tolist() for row, example in zip(best, examples, strict=True)
    ]


def right_share(predictions: Sequence[Any], rows: Sequence[Row]) -> Scores:
    right = [
        float(np.mean(np.asarray(said) == np.asarray(row["answer"])))
        for said, row in zip(predictions, rows, strict=True)
    ]
    return Scores(values={"accuracy": float(np.mean(right))})


def number_task(head: Any = "token-classification", **changes: Any) -> Task:
    """A task over rows ``{"ids": [...], "answer": label or labels}``."""
    parts: dict[str, Any] = {
        "name": "numbers",
        "columns": {"ids": "token ids", "answer": "label ids"},
        "head": head,
        "encode": encode_numbers,
        "decode": decode_numbers,
        "collator": pad_numbers,
        "metric": Metric(name="accuracy", direction="maximize", compute=right_share),
        **changes,
    }
    return Task(**parts)


def number_rows(count: int, head: str = "token-classification", seed: int = 0) -> list[Row]:
    """Rows of 3 to 30 numbers; the label of a number is its remainder modulo 3."""
    draw = random.Random(seed)
    rows = []
    for _ in range(count):
        ids = [draw.randrange(3, VOCABULARY) for _ in range(draw.randrange(3, 31))]
        tags = [number % 3 for number in ids]
        rows.append({"ids": ids, "answer": tags if head == "token-classification" else tags[0]})
    return rows
