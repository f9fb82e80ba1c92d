from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.special import softmax as reference
from sklearn.metrics import precision_recall_fscore_support

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


@pytest.mark.parametrize("seed", range(5))
def test_class_scores_are_scikit_learns(seed: int) -> None:
    draw = random.Random(seed)
    gold, predicted = (draw.choices("abcdefg"[: 3 + seed], k=40) for _ in range(2))
    found = class_scores(gold, predicted)
    expected = precision_recall_fscore_support(gold, predicted, average=None, zero_division=0)
    for name, numbers in zip(found, np.transpose(expected), strict=True):
        assert list(found[name].values()) == pytest.approx(numbers.tolist(), abs=1e-15), name


def test_no_items_have_no_class_scores() -> None:
    assert class_scores([], []) == {}
