from __future__ import annotations

import json

import numpy as np
import pytest
from adaptkit_token_multi_label.decoding import calibrated
from adaptkit_token_multi_label.rows import prepare
from adaptkit_token_multi_label.shown import to_json

PROBABILITIES = np.array([[0.9, 0.1], [0.7, 0.6], [0.1, 0.1], [0.8, 0.1]], np.float32)


def shown(row):
    return to_json(row, calibrated({"names": ("ORG", "LOC"), "probabilities": PROBABILITIES}, {}))


def test_entities_are_runs_of_one_label():
    text = "Library of-Porto, Reuters"
    row = {
        "tokens": ["Library", "Porto", ",", "Reuters"],
        "text": text,
        "spans": [(0, 7), (11, 16), (16, 17), (18, 25)],
    }
    found = shown(row)
    json.dumps(found)
    assert found["text"] == text
    assert [(one["text"], one["label"]) for one in found["entities"]] == [
        ("Library of-Porto", "ORG"), ("Porto", "LOC"), ("Reuters", "ORG"),
    ]  # fmt: skip
    assert found["entities"][0]["score"] == pytest.approx(0.8)
    for one in (*found["entities"], *found["tokens"]):
        assert text[one["start"] : one["end"]] == one["text"]
    assert [(one["text"], list(one["labels"])) for one in found["tokens"]] == [
        ("Library", ["ORG"]), ("Porto", ["ORG", "LOC"]), ("Reuters", ["ORG"]),
    ]  # fmt: skip
    assert found["tokens"][1]["labels"] == pytest.approx({"ORG": 0.7, "LOC": 0.6})


def test_tokens_without_a_text_are_joined_with_spaces():
    found = shown(prepare({"tokens": ["a", "b", "c", "d"]}))
    assert found["text"] == "a b c d"
    assert [one["text"] for one in found["entities"]] == ["a b", "b", "d"]
