"""A small text classification task, so that reading is tested without a plugin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.data.rows import RawRow
from adaptkit.data.sources import one_split
from adaptkit.task import Metric, Row, Scores, Task


def prepare(row: Row) -> Row:
    if not str(row["text"]).strip():
        raise ValueError("the text is empty")
    return row


@pytest.fixture
def make_task() -> Callable[..., Task]:
    """A factory of tasks with columns ``text`` and ``label``; keywords replace its parts."""

    def unused(*values: Any) -> Any:
        raise AssertionError("reading data must not encode, collate, decode or score")

    def make(**changes: Any) -> Task:
        parts: dict[str, Any] = {
            "name": "toy",
            "columns": {"text": "a sentence", "label": "its class"},
            "head": "sequence-classification",
            "encode": unused,
            "decode": unused,
            "collator": unused,
            "metric": Metric(name="accuracy", direction="maximize", compute=lambda *_: Scores(values={})),
            "prepare": prepare,
        }
        return Task(**{**parts, **changes})

    return make


@pytest.fixture
def read_file(make_task: Callable[..., Task]) -> Callable[..., list[RawRow]]:
    """Reads a file's raw rows, with a mapping's columns and the task's own readers where given."""

    def read(path: Path, wanted: tuple[str, ...] = (), **changes: Any) -> list[RawRow]:
        return list(one_split(str(path), "train", make_task(**changes), wanted).rows)

    return read
