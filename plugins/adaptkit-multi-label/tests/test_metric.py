from __future__ import annotations

import random

import pytest
from adaptkit_multi_label.metric import METRIC, compute
from sklearn.metrics import classification_report
from sklearn.preprocessing import MultiLabelBinarizer

NAMES = ["a", "b", "c", "d"]


def scored(predicted, gold):
    return compute([{"labels": labels} for labels in predicted], [{"labels": labels} for labels in gold])


def test_the_scores_equal_scikit_learns():
    draw = random.Random(2)
    gold = [draw.sample(NAMES, draw.randint(0, 3)) for _ in range(60)]
    predicted = [
        [name for name in NAMES if draw.random() < (0.7 if name in labels else 0.2)] for labels in gold
    ]
    binarizer = MultiLabelBinarizer(classes=NAMES)
    report = classification_report(
        binarizer.fit_transform(gold),
        binarizer.transform(predicted),
        target_names=NAMES,
        output_dict=True,
        zero_division=0,
    )
    scores = scored(predicted, gold)
    assert scores.values["micro_f1"] == pytest.approx(report["micro avg"]["f1-score"])
    assert scores.values["macro_f1"] == pytest.approx(report["macro avg"]["f1-score"])
    for name in NAMES:
        theirs = {"f1" if key == "f1-score" else key: value for key, value in report[name].items()}
        assert scores.groups[name] == pytest.approx(theirs)


def test_one_label_alone_is_scored_like_several():
    scores = scored([["a"], [], ["a"]], [["a"], ["a"], []])
    assert scores.values == {"micro_f1": 0.5, "macro_f1": 0.5}
    assert scores.groups == {"a": {"precision": 0.5, "recall": 0.5, "f1": 0.5, "support": 2}}


def test_labels_only_in_rows_or_predictions_count_as_0():
    scores = scored([["a", "b"]], [["a", "c"]])
    assert scores.values == {"micro_f1": 0.5, "macro_f1": pytest.approx(1 / 3)}
    assert scores.groups["b"] == {"precision": 0, "recall": 0, "f1": 0, "support": 0}
    assert scores.groups["c"]["support"] == 1


def test_no_labels_anywhere_score_0():
    assert scored([[], []], [[], []]).values == {"micro_f1": 0.0, "macro_f1": 0.0}


def test_every_named_score_is_computed():
    assert {METRIC.name, *METRIC.others} == set(scored([["a"]], [["a"]]).values)
