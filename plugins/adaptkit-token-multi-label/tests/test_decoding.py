from __future__ import annotations

import numpy as np
import pytest
from adaptkit_token_multi_label.decoding import DEFAULT, Piece, calibrate, calibrated, merge

NAMES = ("a", "b")


def prediction(*probabilities):
    return {"names": NAMES, "probabilities": np.array(probabilities, np.float32)}


def test_labels_reach_the_threshold():
    found = calibrated(prediction([0.9, 0.4], [0.2, 0.1], [0.5, 0.5]), {"threshold": 0.4})
    assert found["labels"] == [["a", "b"], [], ["a", "b"]]
    assert calibrated(prediction([DEFAULT, 0.49]), {})["labels"] == [["a"]]


def test_the_threshold_is_between_right_and_wrong_on_all_tokens():
    predictions = [prediction([0.8, 0.2], [0.1, 0.1]), prediction([0.1, 0.6])]
    rows = [{"tokens": ["x", "y"], "labels": [["a"], []]}, {"tokens": ["z"], "labels": [["b"]]}]
    assert calibrate(predictions, rows) == {"threshold": pytest.approx(0.4)}
    none = [{"tokens": ["x", "y"], "labels": [[], []]}, {"tokens": ["z"], "labels": [[]]}]
    assert calibrate(predictions, none) == {"threshold": DEFAULT}


def test_tokens_of_all_windows_and_of_none():
    row = {"tokens": ["x", "y", "z"]}
    pieces = [
        Piece(NAMES, np.array([2]), np.array([[0.1, 0.2]], np.float32)),
        Piece(NAMES, np.array([0]), np.array([[0.3, 0.4]], np.float32)),
    ]
    found = merge(row, pieces)
    assert found["names"] == NAMES
    np.testing.assert_allclose(found["probabilities"], [[0.3, 0.4], [0, 0], [0.1, 0.2]])
