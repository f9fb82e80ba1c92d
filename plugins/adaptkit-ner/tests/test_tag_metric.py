from __future__ import annotations

import random
from itertools import chain

import pytest
from adaptkit_ner.tag_metric import METRIC, NO_TAG, compute
from sklearn.metrics import classification_report

TAGS = ["NOUN", "VERB", "X"]


def scored(predicted, gold):
    return compute([{"tags": tags} for tags in predicted], [{"tags": tags} for tags in gold])


def test_the_scores_equal_scikit_learns_over_all_words():
    draw = random.Random(3)
    gold = [draw.choices(TAGS, weights=[6, 3, 1], k=draw.randint(1, 9)) for _ in range(40)]
    predicted = [[tag if draw.random() < 0.6 else draw.choice(TAGS) for tag in tags] for tags in gold]
    report = classification_report([*chain(*gold)], [*chain(*predicted)], output_dict=True)
    scores = scored(predicted, gold)
    assert scores.values == pytest.approx(
        {"accuracy": report["accuracy"], "macro_f1": report["macro avg"]["f1-score"]}
    )
    for tag in TAGS:
        theirs = {"f1" if name == "f1-score" else name: value for name, value in report[tag].items()}
        assert scores.groups[tag] == pytest.approx(theirs)


def test_a_tag_only_in_predictions_counts_in_the_macro_average():
    assert scored([["NOUN", "X"]], [["NOUN", "NOUN"]]).values["macro_f1"] == pytest.approx((2 / 3 + 0) / 2)


def test_a_word_without_a_tag_counts_as_wrong():
    scores = scored([["NOUN", NO_TAG]], [["NOUN", "VERB"]])
    assert scores.values == {"accuracy": 0.5, "macro_f1": 0.5}
    assert set(scores.groups) == {"NOUN", "VERB"}


def test_every_named_score_is_computed():
    assert {METRIC.name, *METRIC.others} == set(scored([["X"]], [["X"]]).values)
