from __future__ import annotations

from collections.abc import Callable

import pytest

from adaptkit.data.rows import Rows
from adaptkit.errors import DataError

Read = Callable[..., Rows]

BRIDGE = "Nadia Holm crossed the bridge at Torv."


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
