from __future__ import annotations

import random
from itertools import chain

import pytest
from adaptkit_token_multi_label.metric import METRIC, compute
from sklearn.metrics import classification_report
from sklearn.preprocessing import MultiLabelBinarizer

NAMES = ["a", "b", "c", "d"]


def scored(predicted, gold):
    return compute([{"labels": labels} for labels in predicted], [{"labels": labels} for labels in gold])


def test_the_scores_equal_scikit_learns():
    draw = random.Random(2)
    gold = [[draw.sample(NAMES, draw.randint(0, 3)) for _ in range(draw.randint(1, 9))] for _ in range(30)]
    predicted = [
        [[name for name in NAMES if draw.random() < (0.7 if name in labels else 0.2)] for labels in row]
        for row in gold
    ]
    binarizer = MultiLabelBinarizer(classes=NAMES)
    report = classification_report(
        binarizer.fit_transform(list(chain.from_iterable(gold))),
        binarizer.transform(list(chain.from_iterable(predicted))),
        target_names=NAMES, output_dict=True, zero_division=0,
    )  # fmt: skip
    scores = scored(predicted, gold)
    assert scores.values["micro_f1"] == pytest.approx(report["micro avg"]["f1-score"])
    assert scores.values["macro_f1"] == pytest.approx(report["macro avg"]["f1-score"])
    assert scores.values["precision"] == pytest.approx(report["micro avg"]["precision"])
    assert scores.values["recall"] == pytest.approx(report["micro avg"]["recall"])
    for name in NAMES:
        theirs = {"f1" if key == "f1-score" else key: value for key, value in report[name].items()}
        assert scores.groups[name] == pytest.approx(theirs)


def test_an_entity_of_two_tokens_counts_twice():
    scores = scored([[["a"], [], ["b"]]], [[["a"], ["a"], []]])
    assert scores.values["micro_f1"] == pytest.approx(2 * 1 / (2 + 2))
    assert scores.groups["a"]["support"] == 2


def test_no_labels_anywhere_score_0():
    assert set(scored([[[], []]], [[[], []]]).values.values()) == {0.0}


def test_every_named_score_is_computed():
    assert {METRIC.name, *METRIC.others} == set(scored([[["a"]]], [[["a"]]]).values)
