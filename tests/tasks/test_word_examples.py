from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from adaptkit.tasks.word_examples import word_examples, word_outputs
from adaptkit.testing import wordpiece_tokenizer

WORDS = ["Mira", "opened", "the", "unbelievable", "lighthouse", "of", "glassmaking", "\u200b"] * 9
ROWS = [{"tokens": WORDS, "places": range(len(WORDS))}, {"tokens": ["Mira"], "places": [7]}]


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    return wordpiece_tokenizer([" ".join(WORDS)], words=40)


@pytest.mark.parametrize("max_length", [8, 13, 64])
def test_each_word_is_in_one_window(tokenizer: Any, max_length: int) -> None:
    examples = word_examples(ROWS, tokenizer, max_length, target=lambda row: row["places"])
    assert max(len(one.inputs["input_ids"]) for one in examples) <= max_length
    for number, row in enumerate(ROWS):
        words = [word for one in examples if one.row == number for word in one.info.words.tolist()]
        visible = [place for place, word in enumerate(row["tokens"]) if word != "\u200b"]
        assert sorted(words) == visible
    for one in examples:
        labels = np.array(one.inputs["labels"])
        assert np.flatnonzero(labels >= 0).tolist() == one.info.positions.tolist()
        assert labels[labels >= 0].tolist() == [ROWS[one.row]["places"][word] for word in one.info.words]


def test_targets_may_be_lists(tokenizer: Any) -> None:
    (one,) = word_examples(
        [{"tokens": ["the", "lighthouse"]}],
        tokenizer,
        64,
        target=lambda row: [[1, 0], [0, 1]],
        ignored=[9, 9],
    )
    labels = one.inputs["labels"]
    assert [labels[place] for place in one.info.positions] == [[1, 0], [0, 1]]
    assert labels.count([9, 9]) == len(labels) - 2


def test_rows_to_be_predicted_have_no_labels(tokenizer: Any) -> None:
    (one,) = word_examples([{"tokens": ["the"]}], tokenizer, 64)
    assert "labels" not in one.inputs
    assert word_examples([], tokenizer, 64) == []


@pytest.mark.parametrize("side", ["left", "right"])
def test_outputs_of_words_with_padding_on_either_side(
    tokenizer: Any, side: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer, "padding_side", side)
    examples = word_examples(ROWS, tokenizer, 16)
    ids = [one.inputs["input_ids"] for one in examples]
    padded = tokenizer.pad({"input_ids": ids}, padding="max_length", max_length=24, return_tensors="np")
    found = word_outputs(padded["input_ids"], examples)  # the sub-words themselves
    firsts = [
        tokenizer([ROWS[one.row]["tokens"][word]], is_split_into_words=True).input_ids[1]
        for one in examples
        for word in one.info.words
    ]
    assert found.tolist() == firsts
