from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from adaptkit_multi_label.sets import decode, present

from adaptkit import Example

LABELS = ("a", "b", "c")


def test_probabilities_of_labels_are_independent():
    logits = np.array([[0.0, 3.0, -3.0], [800.0, -800.0, 1.0]], np.float32)  # [examples, labels]
    examples = [Example(row=number, inputs={}) for number in range(2)]
    one, two = decode({"logits": logits}, examples, LABELS)
    assert one["probabilities"] == pytest.approx({"a": 0.5, "b": 0.95257, "c": 0.04743}, abs=1e-5)
    assert two["probabilities"] == pytest.approx({"a": 1.0, "b": 0.0, "c": 0.73106}, abs=1e-5)


def shown(probabilities, labels):
    said = present({"text": "x"}, {"probabilities": probabilities, "labels": labels})
    return json.loads(json.dumps(said))


def test_labels_are_ordered_by_probability():
    probabilities = {"a": 0.1, "b": 0.6, "c": 0.05, "d": 0.8, "e": 0.2, "f": 0.15, "g": 0.01}
    said = shown(probabilities, ["b", "d"])
    assert said["labels"] == ["d", "b"]
    assert list(said["probabilities"].items()) == [
        ("d", 0.8),
        ("b", 0.6),
        ("e", 0.2),
        ("f", 0.15),
        ("a", 0.1),
    ]


def test_every_predicted_label_is_shown_with_its_probability():
    probabilities = {name: 0.5 + number / 20 for number, name in enumerate("abcdefg")}
    said = shown(probabilities, list("abcdefg"))
    assert said["labels"] == list(said["probabilities"]) == list("gfedcba")


def test_a_text_may_have_no_likely_label():
    assert shown({"a": 0.1, "b": 0.2}, []) == {"labels": [], "probabilities": {"b": 0.2, "a": 0.1}}


def test_thousands_of_labels_take_four_bytes_each():
    labels = [f"label {number}" for number in range(5000)]
    logits = np.zeros((20, 5000), np.float32)  # [examples, labels]
    examples = [Example(row=number, inputs={}) for number in range(20)]
    tracemalloc.start()
    predictions = decode({"logits": logits}, examples, labels)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held < 2**20 + 20 * 5000 * 4
    assert dict(predictions[7]["probabilities"]) == dict.fromkeys(labels, 0.5)
