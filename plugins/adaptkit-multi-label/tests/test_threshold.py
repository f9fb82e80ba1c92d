from __future__ import annotations

import numpy as np
import pytest
from adaptkit_multi_label.metric import compute
from adaptkit_multi_label.threshold import DEFAULT, calibrate, calibrated

LABELS = ("a", "b", "c", "d")


def dev_rows(seed, *, count=80, decimals=9):
    """Rows, and predictions that tend to be right; with few decimals many probabilities are the same."""
    draw = np.random.default_rng(seed)
    gold = draw.random((count, len(LABELS))) < 0.3  # [rows, labels]
    noisy = 1 / (1 + np.exp(2.5 - 2 * gold - draw.normal(size=gold.shape)))
    rows = [{"labels": [LABELS[label] for label in np.flatnonzero(its)]} for its in gold]
    predictions = [
        {"probabilities": dict(zip(LABELS, its, strict=True))} for its in noisy.round(decimals).tolist()
    ]
    return predictions, rows


def micro_f1(predictions, rows, threshold):
    said = [calibrated(prediction, {"threshold": threshold}) for prediction in predictions]
    return compute(said, rows).values["micro_f1"]


@pytest.mark.parametrize("decimals", [1, 2, 9])
@pytest.mark.parametrize("seed", range(8))
def test_the_threshold_is_nearly_as_good_as_the_best(seed, decimals):
    predictions, rows = dev_rows(seed, decimals=decimals)
    values = {value for one in predictions for value in one["probabilities"].values()}
    best = max(micro_f1(predictions, rows, value) for value in values)
    chosen = calibrate(predictions, rows)["threshold"]
    assert 0.97 * best <= micro_f1(predictions, rows, chosen) <= best
    assert 0 < chosen < 1
    # No prediction hangs on a rounding error.
    assert min(abs(chosen - value) for value in values) > 1e-9


def test_the_threshold_is_halfway_between_right_and_wrong():
    predictions = [{"probabilities": {"a": 0.8, "b": 0.2}}, {"probabilities": {"a": 0.1, "b": 0.6}}]
    rows = [{"labels": ["a"]}, {"labels": ["b"]}]
    assert calibrate(predictions, rows) == {"threshold": pytest.approx(0.4)}


def test_an_isolated_best_threshold_is_not_chosen():
    """The best score needs a threshold of 0.299; the middle of the nearly best range is far above it."""
    good, odd, bad = [0.9] * 40, [0.3, 0.299], [0.1] * 40
    predictions = [{"probabilities": {"a": value}} for value in (*good, *odd, *bad)]
    rows = [{"labels": ["a"]} for _ in good] + [{"labels": []}, {"labels": ["a"]}] + [{"labels": []}] * 40
    chosen = calibrate(predictions, rows)["threshold"]
    assert chosen == pytest.approx((0.9 + 0.3) / 2)


def test_if_every_label_is_right_all_count():
    predictions = [{"probabilities": {"a": 0.3, "b": 0.4}}]
    chosen = calibrate(predictions, [{"labels": ["a", "b"]}])
    assert 0 < chosen["threshold"] < 0.3
    assert calibrated(predictions[0], chosen)["labels"] == ["a", "b"]


def test_rows_without_labels_give_the_default():
    assert calibrate([{"probabilities": {"a": 0.3}}], [{"labels": []}]) == {"threshold": DEFAULT}
    assert calibrated({"probabilities": {"a": 0.5, "b": 0.49}}, {})["labels"] == ["a"]
