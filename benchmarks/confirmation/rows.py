"""The rows of the benchmark's studies, and its results."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.baselines.data_sets import READERS, Row, goemotions, subset, write

RESULTS = Path(__file__).parent / "studies.jsonl"
PLUGINS = Path(__file__).parents[2] / "plugins"
TEST, MOST_OTHERS = 300, 1_500
SAMPLE = "sample"
"""The size of a task's own sample, which is taken as it is."""

SAMPLES = ("text-classification", "nli", "similarity", "multi-label", "multiple-choice", "ner")
WITH_CLASSES = ("text-classification", "nli")


def single_emotion(folder: Path, split: str) -> list[Row]:
    """``(text, label)``: the rows of goemotions that have one label."""
    return [row for row in goemotions(folder, split) if "|" not in row[-1]]


SETS: dict[str, tuple[str, tuple[str, ...], Callable[[Path, str], list[Row]]]] = {
    **READERS,
    "single_emotion": ("text-classification", ("text", "label"), single_emotion),
}
"""Data set → its task, its columns (none: CoNLL), and its reader."""


def records() -> list[dict[str, Any]]:
    """The results so far."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text(encoding="utf-8").splitlines()]


def files_of(data: Path, name: str, size: str, seed: int, place: Path) -> tuple[str, dict[str, Path]]:
    """The task of a data set, and its files "train", "test" and "others" with the rows of one study."""
    if size == SAMPLE:
        sample = PLUGINS / f"adaptkit-{name}" / "src" / f"adaptkit_{name.replace('-', '_')}" / "sample"
        found = {path.stem: path for path in sample.iterdir() if path.suffix != ".md"}
        return name, {"train": found["train"], "test": found["dev"], "others": found["test"]}
    task, columns, reader = SETS[name]
    train = subset(reader(data, "train"), size, seed)
    test, others = split_rows(reader(data, "test"), classes(task, train), seed)
    splits = {"train": train, "test": test, "others": others}
    return task, {split: write(place / split, columns, rows) for split, rows in splits.items()}


def classes(task: str, train: Sequence[Row]) -> set[str] | None:
    """The classes of the training rows; None if the task has none."""
    return {row[-1] for row in train} if task in WITH_CLASSES else None


def split_rows(rows: Sequence[Row], known: set[str] | None, seed: int) -> tuple[list[Row], list[Row]]:
    """The test rows and the other rows, drawn at random and disjoint, of the known classes alone."""
    usable = [row for row in rows if known is None or row[-1] in known]
    shuffled = random.Random(1000 + seed).sample(usable, len(usable))
    return shuffled[:TEST], shuffled[TEST : TEST + MOST_OTHERS]
