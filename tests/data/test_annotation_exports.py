"""Exports of annotation tools, read by every first-party task that the tool can be used for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.data.load import read_labelled, read_unlabelled
from adaptkit.data.rows import Rows
from adaptkit.errors import DataError
from adaptkit.tasks import registry

Read = Callable[..., Rows]


def result(kind: str, **value: Any) -> dict[str, Any]:
    """A region or a choice of Label Studio."""
    return {"from_name": "mark", "to_name": "text", "type": kind, "value": value, "id": "r1"}


def span(text: str, part: str, label: str) -> dict[str, Any]:
    start = text.index(part)
    return result("labels", start=start, end=start + len(part), text=part, labels=[label])


def record(data: dict[str, Any], *results: dict[str, Any], **more: Any) -> dict[str, Any]:
    annotation = {"id": 1, "completed_by": 1, "result": list(results), "was_cancelled": False, **more}
    return {"id": 1, "data": data, "annotations": [annotation], "predictions": [], "drafts": []}


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads rows of a task from an export, with answers or without."""

    def read_rows(
        task: str, export: Any, *, labelled: bool = True, name: str = "export.json", **given: Any
    ) -> Rows:
        path = tmp_path / name
        lines = isinstance(export, list) and name.endswith(".jsonl")
        text = "\n".join(map(json.dumps, export)) if lines else json.dumps(export)
        path.write_text(export if isinstance(export, str) else text)
        made = registry.load(task, given.pop("options", {}))
        arguments = {"columns": given.pop("columns", {}), "skip_bad_rows": given.pop("skip_bad_rows", False)}
        if not labelled:
            return read_unlabelled(made, str(path), **arguments)
        return read_labelled(made, str(path), labels=given.pop("labels", ()), **arguments)

    return read_rows


BRIDGE = "Nadia Holm crossed the bridge at Torv."
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
    assert not set(registry.load(task).answers) & set(unlabelled.values[0])


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


def test_rejected_and_ignored_spans_of_prodigy(read: Read) -> None:
    tokens = [{"text": word, "start": BRIDGE.index(word), "end": 0, "id": 0} for word in ("Nadia", "Holm")]
    spans = [{"start": 0, "end": 10, "label": "PER", "token_start": 0, "token_end": 1}]
    rows = [
        {"text": BRIDGE, "tokens": tokens, "spans": spans, "_input_hash": 1, "answer": answer}
        for answer in ("accept", "reject", "ignore", "accept")
    ]
    read_rows = read("ner", rows, labels=("O", "B-PER", "I-PER"), name="annotations.jsonl")
    assert [row["tags"][:3] for row in read_rows.values] == [["B-PER", "I-PER", "O"]] * 2
    assert [reason.rsplit(" ", 1)[1] for reason in read_rows.skipped] == ["'reject'", "'ignore'"]
    renamed = read("ner", rows, labels=("O", "B-PER", "I-PER"), name="a.jsonl", columns={"entities": "spans"})
    assert len(renamed) == 2


def test_rejected_labels_of_prodigy(read: Read) -> None:
    rows = [
        {"text": "fine", "label": "good", "answer": "accept"},
        {"text": "fine too", "label": "bad", "answer": "reject"},
        {"text": "unclear", "label": "bad", "answer": "ignore"},
    ]
    found = read("text-classification", rows, labels=("good", "bad"), name="binary.jsonl")
    assert [row["label"] for row in found.values] == ["good"]
    assert len(found.skipped) == 2
    assert len(read("text-classification", rows, labelled=False, name="binary.jsonl")) == 3


def test_rejected_choices_of_prodigy(read: Read) -> None:
    options = [{"id": "a", "text": "a bridge"}, {"id": "b", "text": "a river"}]
    rows = [
        {"text": "What?", "options": options, "accept": ["b"], "answer": answer, "_view_id": "choice"}
        for answer in ("accept", "reject")
    ]
    chosen = read("multiple-choice", rows, name="choice.jsonl")
    assert [(row["choices"], row["answer"]) for row in chosen.values] == [(["a bridge", "a river"], 1)]
    several = [{**rows[0], "accept": ["a", "b"]}, {**rows[0], "accept": []}, rows[1]]
    found = read("multi-label", several, labels=("a", "b"), name="choice.jsonl")
    assert [row["labels"] for row in found.values] == [["a", "b"], []]
    assert len(found.skipped) == 1
    with pytest.raises(DataError) as caught:
        read("multi-label", [rows[1]], labels=("a", "b"), name="choice.jsonl")
    assert caught.value.code == "all-rows-skipped"


def test_an_answer_of_another_task_is_not_prodigys(read: Read) -> None:
    row = {"text": "What is it?", "choices": ["accept", "reject"], "answer": "reject"}
    assert read("multiple-choice", [row]).values[0]["answer"] == 1


def test_spacys_pairs_and_rasa(read: Read) -> None:
    pairs = [[BRIDGE, {"entities": [[33, 37, "LOC"]]}], ["Nothing.", {"entities": []}]]
    assert [row["tags"][-2] for row in read("ner", pairs, labels=("O", "B-LOC", "I-LOC")).values] == [
        "B-LOC",
        "O",
    ]
    assert (
        read("text-classification", [[BRIDGE, {"cats": {"a": 0.0, "b": 1.0}}]], labels="ab").values[0][
            "label"
        ]
        == "b"
    )
    example = {
        "text": "to Torv",
        "intent": "go",
        "entities": [{"start": 3, "end": 7, "value": "torv", "entity": "city"}],
    }
    document = {"rasa_nlu_data": {"common_examples": [example]}}
    assert read("text-classification", document, labels=("go", "stay")).values[0]["label"] == "go"
    assert read("ner", document, labels=("O", "B-city", "I-city")).values[0]["tags"] == ["O", "B-city"]


RASA = """\
version: "3.1"
nlu:
- intent: go
  examples: |
    - to [Torv](city) now
    - over the [bridge]{"entity": "place", "value": "b1"}
- synonym: torv
  examples: |
    - Torv
- intent: stay
  examples:
  - text: |
      wait here
"""


def test_rasas_yaml(read: Read) -> None:
    rows = read("text-classification", RASA, name="nlu.yml", labels=("go", "stay"))
    assert [(row["text"], row["label"]) for row in rows.values] == [
        ("to Torv now", "go"), ("over the bridge", "go"), ("wait here", "stay"),
    ]  # fmt: skip
    assert rows.read_as == ("Rasa NLU",)
    marked = read("ner", RASA, name="nlu.yml", labels=("O", "B-city", "I-city", "B-place", "I-place"))
    assert [row["tags"] for row in marked.values] == [["O", "B-city", "O"], ["O", "O", "B-place"], ["O", "O"]]
    with pytest.raises(DataError, match="no list under the key 'nlu'; its keys are responses") as caught:
        read("ner", "responses: {}\n", name="domain.yml")
    assert caught.value.code == "not-rasa"
