from __future__ import annotations

import numpy as np
import pytest
from scipy.special import softmax as reference

from adaptkit.tasks.scores import class_scores, softmax


def test_softmax_is_scipys_and_does_not_overflow() -> None:
    logits = np.array([[1e4, -1e4, 0.0], [1.0, 2.0, 3.0]], np.float32)
    np.testing.assert_allclose(softmax(logits), reference(logits.astype(np.float64), axis=-1))
    assert softmax(np.array([2.0])).tolist() == [1.0]


def test_scores_of_each_class_that_occurs() -> None:
    found = class_scores(["a", "a", "b"], ["a", "b", "c"])
    assert found["a"] == pytest.approx({"precision": 1, "recall": 0.5, "f1": 2 / 3, "support": 2})
    assert found["b"] == {"precision": 0, "recall": 0, "f1": 0, "support": 1}
    assert found["c"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}
