"""The rows of a benchmark, as files that both sides read: a share of real rows, or made ones.

Made rows are for speed alone: as many as wanted, each of exactly as many tokens as wanted.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from adaptkit.config import DataConfig
from adaptkit.data.labels import labels_of
from adaptkit.data.load import load
from adaptkit.data.rows import Rows
from adaptkit.data.splits import split_off_dev
from adaptkit.task import Row, Task

COMMON = ("time", "year", "people", "way", "day", "man", "thing", "woman", "life", "child", "world", "school")
TELLING = {"animal": ("horse", "dog", "cat"), "food": ("bread", "milk", "rice"), "place": ("paris", "rome")}
"""Label → words. These words, and the common ones, are one token each to BERT's uncased vocabulary."""

SPECIAL_TOKENS = 2
"""What an encoder's tokenizer adds to a text: one token before it, one after."""


def real_rows(task: Task, data: DataConfig, folder: Path, *, train: int, dev: int, seed: int) -> DataConfig:
    """About ``train`` and ``dev`` of the data's rows, labels in proportion, written to ``folder``.

    0 takes all. Dev rows with a label that no training row has are left out: no model could get them right.
    """
    dataset = load(task, data, seed)
    trained = some_of(task, dataset.train, train, seed)
    known = {name for row in trained.values for name in labels_of(task, row)}
    scored = [
        row for row in some_of(task, dataset.dev, dev, seed).values if set(labels_of(task, row)) <= known
    ]
    return written(folder, trained.values, scored)


def some_of(task: Task, rows: Rows, count: int, seed: int) -> Rows:
    """About ``count`` of the rows, labels in proportion; all if it is 0 or more than there are."""
    if not 0 < count < len(rows):
        return rows
    return split_off_dev(task, rows, count / len(rows), seed)[1]


def made_rows(task: str, folder: Path, *, train: int, dev: int, length: int, seed: int) -> DataConfig:
    """Made rows of ``length`` tokens each, written to ``folder``; raises ValueError for other tasks."""
    if task not in MAKERS:
        raise ValueError(f"rows are made for {', '.join(MAKERS)}, not for {task!r}")
    draw = random.Random(seed)
    train_rows, dev_rows = (
        [MAKERS[task](draw, length - SPECIAL_TOKENS) for _ in range(count)] for count in (train, dev)
    )
    return written(folder, train_rows, dev_rows)


def written(folder: Path, train: Sequence[Row], dev: Sequence[Row]) -> DataConfig:
    """The rows as JSON Lines."""
    for name, rows in (("train", train), ("dev", dev)):
        lines = "".join(f"{json.dumps(dict(row), ensure_ascii=False)}\n" for row in rows)
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    return DataConfig(train=str(folder / "train.jsonl"), dev=str(folder / "dev.jsonl"))


def _classified(draw: random.Random, words: int) -> dict[str, Any]:
    label = draw.choice(sorted(TELLING))
    text = [*draw.choices(COMMON, k=words - 1), draw.choice(TELLING[label])]
    draw.shuffle(text)
    return {"text": " ".join(text), "label": label}


def _tagged(draw: random.Random, words: int) -> dict[str, Any]:
    entities = {word: f"B-{label}" for label, members in TELLING.items() for word in members}
    tokens = draw.choices([*COMMON, *entities], k=words)
    return {"tokens": tokens, "tags": [entities.get(token, "O") for token in tokens]}


MAKERS: Mapping[str, Callable[[random.Random, int], dict[str, Any]]] = {
    "text-classification": _classified,
    "ner": _tagged,
}
