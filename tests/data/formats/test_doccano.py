from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adaptkit.data.rows import Rows

Read = Callable[..., Rows]

BRIDGE = "Nadia Holm crossed the bridge at Torv."

DOCCANO: dict[str, tuple[dict[str, Any], tuple[str, ...], str, Any]] = {
    "ner": (
        {"id": 1, "text": BRIDGE, "label": [[0, 10, "PER"], [33, 37, "LOC"]], "Comments": []},
        ("O", "B-LOC", "I-LOC", "B-PER", "I-PER"),
        "tags",
        ["B-PER", "I-PER", "O", "O", "O", "O", "B-LOC", "O"],
    ),
    "text-classification": (
        {"id": 1, "data": BRIDGE, "label": ["travel"]}, ("travel", "food"), "label", "travel",
    ),
    "multi-label": (
        {"id": 1, "text": BRIDGE, "label": ["travel", "people"], "Comments": []},
        ("travel", "people"), "labels", ["travel", "people"],
    ),
    "nli": (
        {"id": 1, "text": BRIDGE, "hypothesis": "She swam.", "label": ["contradiction"], "Comments": []},
        ("contradiction", "entailment"), "label", "contradiction",
    ),
    "qa": (
        {"id": 1, "text": BRIDGE, "question": "Where?", "label": [[33, 37, "answer"]], "Comments": []},
        (), "answers", [{"text": "Torv", "start": 33}],
    ),
}  # fmt: skip


@pytest.mark.parametrize("task", DOCCANO)
def test_every_task_reads_doccano(read: Read, task: str) -> None:
    export, labels, column, expected = DOCCANO[task]
    rows = read(task, [export], labels=labels, name="admin.jsonl")
    assert rows.values[0][column] == expected
    assert rows.read_as[0] == "doccano"


def test_the_spellings_of_doccano_for_spans(read: Read) -> None:
    entity = {"id": 9, "label": "LOC", "start_offset": 33, "end_offset": 37}
    rows = read(
        "ner",
        [
            {"id": 1, "text": BRIDGE, "entities": [entity], "relations": []},
            {"id": 2, "text": BRIDGE, "label": []},
            {"id": 3, "text": BRIDGE, "labels": [[33, 37, "LOC"]]},
            {"id": 4, "text": BRIDGE, "entities": [[33, 37, "LOC"]]},
        ],
        labels=("O", "B-LOC", "I-LOC"),
        name="admin.jsonl",
    )
    assert [row["tags"][-2] for row in rows.values] == ["B-LOC", "O", "B-LOC", "B-LOC"]
