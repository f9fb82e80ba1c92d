from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from adaptkit.data.formats.recognise import annotations_of, normalised
from adaptkit.data.rows import RawRow
from adaptkit.task import Task

MakeTask = Callable[..., Task]

ORDINARY: list[dict[str, Any]] = [
    {"text": "x", "label": "a"},
    {"text": "x", "label": ["a", "b"]},
    {"text": "x", "spans": [{"start": 0, "end": 1, "label": "A"}]},
    {"text": "x", "answer": "yes"},
    {"text": "x", "data": {"y": 1}},
    {"text": "x", "annotations": 3},
    {},
]


@pytest.mark.parametrize("row", ORDINARY, ids=str)
def test_ordinary_rows_are_unchanged(make_task: MakeTask, row: dict[str, Any]) -> None:
    """Also rows with spans, for a task that does not read entities."""
    raw = RawRow("f:1", row)
    assert list(normalised([raw], make_task())) == [raw]


def test_columns_of_the_task_are_its_own(make_task: MakeTask) -> None:
    """A task may have columns named as those of a tool, with values of another kind."""
    listed = make_task(columns={"data": "a text", "label": "classes"}, labels_of=lambda row: row["label"])
    assert annotations_of({"data": "x", "label": ["a"]}, listed) is None
    answering = make_task(
        columns={"text": "a text", "answer": "accept or reject"}, target_columns=("answer",)
    )
    assert annotations_of({"text": "x", "answer": "reject"}, answering) is None
    assert annotations_of({"text": "x", "answer": "reject"}, make_task()) is not None


def test_a_list_stays_one_where_a_row_has_several_labels(make_task: MakeTask) -> None:
    task = make_task(labels_of=lambda row: row["label"])
    assert annotations_of({"text": "x", "label": ["a"]}, task) is None
    (row,) = normalised([RawRow("f:1", {"text": "x", "label": ["a"]})], make_task())
    assert row.values["label"] == "a"


def test_a_bad_row_stays_one(make_task: MakeTask) -> None:
    raw = RawRow("f:1", {}, "not JSON")
    assert list(normalised([raw], make_task())) == [raw]
