"""Defects in rows, encode, and the outputs of the head."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from adaptkit import Example
from tests.helpers.conformance import failures, only_failure
from tests.helpers.mood_tasks import (
    CLASSIFIED,
    classifying,
    encode_texts,
)


def padded_to_the_longest(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
    batch = tokenizer([row["text"] for row in rows], truncation=True, max_length=limit, padding=True)
    examples = encode_texts(rows, tokenizer, labels, limit)
    return [
        dataclasses.replace(one, inputs={**one.inputs, **{name: batch[name][one.row] for name in batch}})
        for one in examples
    ]


def numbered_as_they_come(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
    numbers: dict[str, int] = {}
    return [
        dataclasses.replace(
            one, inputs={**one.inputs, "labels": numbers.setdefault(row["label"], len(numbers))}
        )
        if "label" in row
        else one
        for one, row in zip(encode_texts(rows, tokenizer, labels, limit), rows, strict=True)
    ]


@pytest.mark.parametrize(
    ("encode", "name"), [(padded_to_the_longest, "input_ids"), (numbered_as_they_come, "labels")]
)
def test_an_encode_that_depends_on_the_order_of_rows(encode: Any, name: str) -> None:
    found = failures(classifying(encode=encode), CLASSIFIED)
    finding = found["encode: order of rows"]
    assert f"encoded alone gives other inputs: {name} is" in finding.problem
    assert "Make encode treat each row separately" in finding.fix


def test_labels_for_rows_to_predict() -> None:
    def with_a_stand_in(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        return encode_texts([{"label": labels[0], **row} for row in rows], tokenizer, labels, limit)

    finding = only_failure(classifying(encode=with_a_stand_in), CLASSIFIED)
    assert finding.check == "encode: rows to predict"
    assert "without ['label'] has labels = 0" in finding.problem


def test_an_encode_that_needs_token_types() -> None:
    def typed(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        tokenizer([row["text"] for row in rows])["token_type_ids"]
        return encode_texts(rows, tokenizer, labels, limit)

    finding = only_failure(classifying(encode=typed), CLASSIFIED)
    assert finding.check == "encode: byte-level tokenizer"
    assert "'token_type_ids'" in finding.problem
    assert "(test_inputs.py:" in finding.problem, "the plugin's line, not the library's"


def test_outputs_that_the_head_does_not_return() -> None:
    finding = only_failure(classifying(outputs=("start_logits",)), CLASSIFIED)
    assert finding.check == "outputs"
    assert "head failed: it returned 'logits', but no 'start_logits'" in finding.problem


def test_a_row_that_lacks_a_column() -> None:
    (finding,) = failures(classifying(), [*CLASSIFIED, {"text": "a row without its mood"}]).values()
    assert finding.check == "rows"
    assert "row 13: no column 'label'; the columns are 'text'" in finding.problem
    assert "the task's column names" in finding.fix
