"""Defects that hostile rows find."""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from adaptkit import Example, Row
from tests.helpers.conformance import only_failure
from tests.helpers.mood_tasks import (
    CLASSIFIED,
    classifying,
    encode_texts,
)


def test_an_encode_without_truncation() -> None:
    def endless(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        return encode_texts(rows, tokenizer, labels, 10**6)

    finding = only_failure(classifying(encode=endless), CLASSIFIED)
    assert finding.check == "hostile rows"
    assert "1,000 words as text" in finding.problem
    assert "at most max_length = 64" in finding.problem


def test_texts_that_are_paired_without_shortening() -> None:
    def paired(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
        texts, others = ([row[name] for row in rows] for name in ("text", "other"))
        batch = tokenizer(texts, others, truncation="longest_first", max_length=limit)
        pairs = [{name: batch[name][position] for name in batch} for position in range(len(rows))]
        return [
            dataclasses.replace(example, inputs={**example.inputs, **pair})
            for example, pair in zip(encode_texts(rows, tokenizer, labels, limit), pairs, strict=True)
        ]

    rows = [{**row, "other": row["text"]} for row in CLASSIFIED]
    task = classifying(encode=paired, parse_text=lambda text: {"text": text, "other": text})
    earlier = torch.ones(2**29)  # 2 GiB: a peak that must not hide the next one
    del earlier
    finding = only_failure(task, rows)
    assert finding.check == "hostile rows"
    assert "1,000 words as text and other took" in finding.problem
    assert "adaptkit.shortened(texts, tokenizer, max_length)" in finding.fix


def test_a_plugin_that_fails_on_a_row_it_accepted() -> None:
    def with_first_word(row: Row) -> Row:
        return {**row, "first": row["text"].split()[0]}

    finding = only_failure(classifying(prepare=with_first_word), CLASSIFIED)
    assert finding.check == "hostile rows"
    assert "an empty text as text: prepare failed: IndexError" in finding.problem
    assert "Reject such a row in prepare with a ValueError" in finding.fix
