from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from adaptkit.data.rows import Rows
from adaptkit.errors import DataError
from adaptkit.tasks import registry

Read = Callable[..., Rows]

BRIDGE = "Nadia Holm crossed the bridge at Torv."


def result(kind: str, **value: Any) -> dict[str, Any]:
    """A region or a choice of Label Studio."""
    return {"from_name": "mark", "to_name": "text", "type": kind, "value": value, "id": "r1"}


def span(text: str, part: str, label: str) -> dict[str, Any]:
    start = text.index(part)
    return result("labels", start=start, end=start + len(part), text=part, labels=[label])


def record(data: dict[str, Any], *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    annotation = {"id": 1, "completed_by": 1, "result": list(results), "was_cancelled": False, **more}
    return {"id": 1, "data": data, "annotations": [annotation], "predictions": [], "drafts": []}


LABEL_STUDIO: dict[str, tuple[dict[str, Any], tuple[str, ...], dict[str, Any]]] = {
    "ner": (
        record({"text": BRIDGE}, span(BRIDGE, "Nadia Holm", "PER"), span(BRIDGE, "Torv", "LOC")),
        ("O", "B-LOC", "I-LOC", "B-PER", "I-PER"),
        {"tags": ["B-PER", "I-PER", "O", "O", "O", "O", "B-LOC", "O"]},
    ),
    "text-classification": (
        record({"text": BRIDGE}, result("choices", choices=["travel"])),
        ("travel", "food"),
        {"text": BRIDGE, "label": "travel"},
    ),
    "multi-label": (
        record({"text": BRIDGE}, result("choices", choices=["travel", "people"])),
        ("travel", "people", "food"),
        {"text": BRIDGE, "labels": ["travel", "people"]},
    ),
    "nli": (
        record({"premise": BRIDGE, "hypothesis": "She swam."}, result("choices", choices=["contradiction"])),
        ("contradiction", "entailment"),
        {"premise": BRIDGE, "hypothesis": "She swam.", "label": "contradiction"},
    ),
    "similarity": (
        record({"sentence1": BRIDGE, "sentence2": "She crossed."}, result("rating", rating=4)),
        (),
        {"sentence1": BRIDGE, "sentence2": "She crossed.", "score": 4.0},
    ),
    "qa": (
        record({"question": "Who crossed it?", "context": BRIDGE}, span(BRIDGE, "Nadia Holm", "answer")),
        (),
        {"question": "Who crossed it?", "context": BRIDGE, "answers": [{"text": "Nadia Holm", "start": 0}]},
    ),
    "multiple-choice": (
        record({"question": "What?", "A": "a river", "B": "a bridge"}, result("choices", choices=["B"])),
        (),
        {"question": "What?", "choices": ["a river", "a bridge"], "answer": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("task", LABEL_STUDIO)
def test_every_task_reads_label_studio(read: Read, task: str) -> None:
    export, labels, expected = LABEL_STUDIO[task]
    rows = read(task, [export], labels=labels)
    assert {name: rows.values[0][name] for name in expected} == expected
    assert rows.read_as[0] == "Label Studio"


@pytest.mark.parametrize("task", LABEL_STUDIO)
def test_a_cancelled_annotation_is_left_out_but_predicted(read: Read, task: str) -> None:
    export, labels, _ = LABEL_STUDIO[task]
    cancelled = {**export, "annotations": [{**export["annotations"][0], "was_cancelled": True}]}
    rows = read(task, [export, cancelled, {**export, "annotations": []}], labels=labels)
    assert len(rows) == 1
    assert [reason.split(": ", 1)[1] for reason in rows.skipped] == [
        "its annotation was cancelled in Label Studio",
        "not annotated in Label Studio",
    ]
    unlabelled = read(task, [export, cancelled, {**export, "annotations": []}], labelled=False)
    assert len(unlabelled) == 3
    assert not set(registry.load(task).target_columns) & set(unlabelled.values[0])


def test_the_ground_truth_counts_and_others_must_agree(read: Read) -> None:
    good, bad = result("choices", choices=["good"]), result("choices", choices=["bad"])
    both = [{"result": [good]}, {"result": [bad]}]
    export = [
        {"data": {"text": "one"}, "annotations": [*both, {"result": [bad], "was_cancelled": True}]},
        {"data": {"text": "two"}, "annotations": [both[0], {"result": [bad], "ground_truth": True}]},
        {"data": {"text": "three"}, "annotations": [both[0], both[0]]},
        {"data": {"text": "four"}, "annotations": [{"result": [bad], "was_cancelled": True}, both[0]]},
    ]
    rows = read("text-classification", export, labels=("good", "bad"))
    assert [(row["text"], row["label"]) for row in rows.values] == [
        ("two", "bad"), ("three", "good"), ("four", "good"),
    ]  # fmt: skip
    assert "2 annotations in Label Studio that differ" in rows.skipped[0]


def test_label_studio_choices_of_other_controls(read: Read) -> None:
    topics = {"from_name": "topic", "type": "taxonomy", "value": {"taxonomy": [["trip", "city"]]}}
    tone = {"from_name": "tone", "type": "choices", "value": {"choices": ["calm"]}}
    export = [record({"review": BRIDGE}, topics, tone)]
    rows = read("text-classification", export, labels=("calm", "loud"), columns={"label": "tone"})
    assert rows.values[0] == {"text": BRIDGE, "label": "calm"}
    assert rows.read_as == ("Label Studio", "the text is 'review'")
    rows = read("multi-label", export, labels=("trip/city", "calm"))
    assert rows.values[0]["labels"] == ["trip/city", "calm"]
    with pytest.raises(DataError, match="has 2 labels; expected one"):
        read("text-classification", export, labels=("calm", "loud"))


def test_label_studio_json_min(read: Read) -> None:
    about = {"id": 7, "annotator": 1, "annotation_id": 3, "created_at": "2024-01-01", "lead_time": 2.5}
    marked = [{"start": 33, "end": 37, "text": "Torv", "labels": ["LOC"]}]
    rows = read("ner", [{"text": BRIDGE, "label": marked, **about}], labels=("B-LOC", "I-LOC", "O"))
    assert rows.values[0]["tags"][-2] == "B-LOC"
    rows = read("text-classification", [{"text": BRIDGE, "tone": "calm", **about}], labels=("calm", "loud"))
    assert rows.values[0]["label"] == "calm"
    both = {"text": BRIDGE, "tone": {"choices": ["calm", "cold"]}, **about}
    assert read("multi-label", [both], labels=("calm", "cold")).values[0]["labels"] == ["calm", "cold"]
    rated = {"sentence1": "a", "sentence2": "b", "close": [{"rating": 3}], **about}
    assert read("similarity", [rated]).values[0]["score"] == 3.0
    written = json.dumps(marked).replace('"', '""')
    csv = f'annotation_id,annotator,created_at,id,label,lead_time,text\n1,1,2024,7,"{written}",1,{BRIDGE}\n'
    rows = read("ner", csv, name="export.csv", labels=("B-LOC", "I-LOC", "O"))
    assert rows.values[0]["tags"][-2] == "B-LOC"
