from __future__ import annotations

import json
import random

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, classification_report

from adaptkit import SkipRow, class_name, classification_metric, most_probable_class, named_class, only_class

LABELS = ("bakery", "lighthouse", "museum")


def scores(predicted, gold):
    return classification_metric.compute(
        [{"label": one} for one in predicted], [{"label": one} for one in gold]
    )


def test_numbers_by_hand():
    result = scores(["a", "a", "b", "b"], ["a", "b", "b", "b"])
    assert result.values == pytest.approx({"accuracy": 3 / 4, "macro_f1": (2 / 3 + 4 / 5) / 2})
    assert result.groups["a"] == pytest.approx({"precision": 1 / 2, "recall": 1, "f1": 2 / 3, "support": 1})
    assert result.groups["b"] == pytest.approx({"precision": 1, "recall": 2 / 3, "f1": 4 / 5, "support": 3})


def test_equals_scikit_learns_report_on_random_labels():
    draw = random.Random(2)
    gold = draw.choices(["x", "y", "z", "never predicted"], k=300)
    predicted = [draw.choice([one, "x", "y", "z", "not in the rows"]) for one in gold]
    predicted = ["x" if one == "never predicted" else one for one in predicted]
    ours = scores(predicted, gold)
    report = classification_report(gold, predicted, output_dict=True, zero_division=0)
    assert ours.values == pytest.approx(
        {"accuracy": accuracy_score(gold, predicted), "macro_f1": report["macro avg"]["f1-score"]}
    )
    for name, group in ours.groups.items():
        theirs = report[name]
        assert [*group.values()] == pytest.approx(
            [theirs[key] for key in ("precision", "recall", "f1-score", "support")]
        )


def test_a_class_that_is_never_predicted_scores_zero():
    result = scores(["b"], ["a"])
    assert result.values == {"accuracy": 0, "macro_f1": 0}
    assert result.groups["a"]["support"] == 1
    assert result.groups["b"]["support"] == 0


def test_every_reported_number_can_be_optimised():
    assert set(scores(["a"], ["a"]).values) == {classification_metric.name, *classification_metric.others}


def test_decoding_gives_the_softmax_of_the_best_label():
    logits = np.log(np.array([[0.2, 0.7, 0.1], [0.5, 0.25, 0.25]], dtype=np.float32)) + 40
    first, second = most_probable_class({"logits": logits}, [], LABELS)
    assert (first["label"], second["label"]) == ("lighthouse", "bakery")
    assert first["probability"] == pytest.approx(0.7, rel=1e-4)
    assert list(first["probabilities"]) == ["lighthouse", "bakery", "museum"]
    assert second["probabilities"] == pytest.approx(
        {"bakery": 0.5, "lighthouse": 0.25, "museum": 0.25}, rel=1e-4
    )


def test_the_five_most_probable_classes_are_shown_in_order():
    logits = np.arange(30, dtype=np.float16)[None]
    (prediction,) = most_probable_class({"logits": logits}, [], [f"class {number}" for number in range(30)])
    shown = json.loads(json.dumps(prediction))
    assert list(shown["probabilities"]) == [f"class {number}" for number in (29, 28, 27, 26, 25)]
    assert shown["probability"] == shown["probabilities"][shown["label"]]


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("bakery", "bakery"),
        (" bakery ", "bakery"),
        (3, "3"),
        (-1, "-1"),
        (True, "true"),
        (3.0, "3"),
        ("3.0", "3"),
        ("3", "3"),
        (-1.0, "-1"),
        ("3.5", "3.5"),
    ],
)
def test_labels_become_names(label, name):
    assert class_name(label) == name


@pytest.mark.parametrize("label", ["", " \u00a0", None, 1.5, ["a"]])
def test_a_label_that_is_not_a_name_is_refused(label):
    with pytest.raises(ValueError, match=r"label = .*; expected the name of a class"):
        class_name(label)


@pytest.mark.parametrize("label", ["['bakery']", '["bakery"]', " ['bakery'] ", "bakery"])
def test_the_only_class_of_a_list_written_as_text(label):
    assert only_class(label) == "bakery"


@pytest.mark.parametrize("label", ["[other]", "(none)", "a, b", "[a] b"])
def test_a_name_with_brackets_is_a_name(label):
    assert only_class(label) == label


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (["a"], r"label = \['a'\]; expected the name of a class"),
        (["a", "b"], "has 2 labels; expected one"),
        ("['a', 'b']", "has 2 labels; expected one"),
        ("['a' 'b']", "written as text that cannot be read"),
        ([[0, 3, "PER"]], "marks spans; expected the name of a class"),
    ],
)
def test_more_or_other_than_one_class_is_refused(label, message):
    with pytest.raises(ValueError, match=message):
        only_class(label)


@pytest.mark.parametrize("label", [[], "[]"])
def test_a_row_that_nobody_labelled_is_left_out(label):
    with pytest.raises(SkipRow, match=r"no label: label = \[\]"):
        only_class(label)


@pytest.mark.parametrize(
    ("label", "name"), [(0, "no"), (1.0, "yes"), ("1", "yes"), ("1.0", "yes"), ("no", "no")]
)
def test_numbers_with_names(label, name):
    assert named_class(label, ("no", "yes")) == name


@pytest.mark.parametrize("label", [2, -1, "maybe", "01x"])
def test_a_number_without_a_name_is_refused(label):
    with pytest.raises(ValueError, match="expected a number from 0 to 1, or one of no, yes"):
        named_class(label, ("no", "yes"))
