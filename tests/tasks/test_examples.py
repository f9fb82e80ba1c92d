from __future__ import annotations

import pytest

from adaptkit.tasks.examples import text_examples
from adaptkit.testing import wordpiece_tokenizer

ROWS = [{"one": "ada knows bo", "other": "bo", "label": "x"}, {"one": "cy", "other": "ada ada ada"}]


def test_one_text_or_two_with_labels_where_there_are_some() -> None:
    tokenizer = wordpiece_tokenizer([str(text) for row in ROWS for text in row.values()])
    single = text_examples(ROWS, tokenizer, 32, "one", target=lambda row: {"x": 7}.get(row.get("label", "")))
    assert [one.row for one in single] == [0, 1]
    assert single[0].inputs["labels"] == 7
    assert "labels" not in single[1].inputs
    assert single[0].inputs["input_ids"] == tokenizer("ada knows bo")["input_ids"]
    pair = text_examples(ROWS, tokenizer, 8, "one", "other")
    assert (
        pair[1].inputs["input_ids"]
        == tokenizer("cy", "ada ada ada", truncation=True, max_length=8)["input_ids"]
    )
    assert set(pair[0].inputs) == set(tokenizer.model_input_names)
    assert text_examples([], tokenizer, 8, "one") == []
    with pytest.raises(ValueError, match="3 columns"):
        text_examples(ROWS, tokenizer, 8, "one", "other", "label")
