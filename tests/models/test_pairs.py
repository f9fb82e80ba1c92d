from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptkit.errors import ConfigError
from adaptkit.models.pairs import PairHead, collated_apart, encoded_apart
from adaptkit.models.pooling import with_pooling
from adaptkit.task import Example
from adaptkit.testing import wordpiece_tokenizer
from tests.helpers.number_task import number_task

ROWS = [{"one": "a cat", "other": "the dog runs", "label": 1}, {"one": "x", "other": "y", "label": 0}]


def joint(rows: Any, tokenizer: Any, labels: Any, limit: int) -> list[Example]:
    batch = tokenizer([row["one"] for row in rows], [row["other"] for row in rows])
    return [
        Example(row=n, inputs={"input_ids": batch["input_ids"][n], "labels": row["label"]})
        for n, row in enumerate(rows)
    ]


@pytest.fixture
def task() -> Any:
    return replace(number_task("sequence-classification"), encode=joint, text_pair=("one", "other"))


def test_both_texts_are_sides_of_an_example(task: Any) -> None:
    tokenizer = wordpiece_tokenizer(["a cat the dog runs x y"])
    first, second = encoded_apart(task)(ROWS, tokenizer, (), 16)
    assert first.inputs["input_ids"] == [tokenizer(text)["input_ids"] for text in ("a cat", "the dog runs")]
    assert (first.inputs["labels"], second.inputs["labels"]) == (1, 0)
    batch = collated_apart(tokenizer, pad_to_multiple_of=8)([dict(first.inputs), dict(second.inputs)])
    assert batch["input_ids"].shape == (2, 2, 8)
    assert batch["attention_mask"].sum(-1).tolist() == [[4, 5], [3, 3]]
    assert batch["labels"].tolist() == [1, 0]
    assert encoded_apart(task)([], tokenizer, (), 16) == []


def test_a_long_side_is_cut_alone(task: Any) -> None:
    tokenizer = wordpiece_tokenizer(["a cat the dog runs x y"])
    rows = [{"one": "a " * 50, "other": "cat", "label": 0}]
    (example,) = encoded_apart(task)(rows, tokenizer, (), 12)
    assert [len(side) for side in example.inputs["input_ids"]] == [12, 3]


def test_the_head_compares_the_two_means() -> None:
    torch.manual_seed(0)
    hidden, mask = torch.randn(4, 3, 2), torch.tensor([[1, 1, 1], [1, 1, 0], [1, 0, 0], [1, 1, 1]])
    head = PairHead(2, 5, 0.0)
    pooled = head.pool(hidden, mask)  # [2, 9]
    one, other = (mean / mean.norm() for mean in (hidden[0].mean(0), hidden[1, :2].mean(0)))
    expected = torch.cat([one, other, (one - other).abs(), one * other, (one @ other).view(1)])
    torch.testing.assert_close(pooled[0], expected)
    torch.testing.assert_close(head(hidden, mask), head(pooled.unsqueeze(1), mask[::2, :1]))


def test_a_task_of_single_texts_has_no_pairs() -> None:
    with pytest.raises(ConfigError) as refused:
        with_pooling(number_task("sequence-classification"), "pair")
    assert refused.value.code == "no-pair"
