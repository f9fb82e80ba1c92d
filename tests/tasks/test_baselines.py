from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from adaptkit import class_baselines, label_set_baselines, similarity_baselines
from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.task import MAJORITY_CLASS, Row
from adaptkit.tasks import registry
from adaptkit.tasks.baselines import MOST_ROWS, TFIDF, _sample

SKY = [
    {"text": f"{words} {number}", "label": label}
    for number in range(6)
    for words, label in (("rain and clouds", "wet"), ("sun and wind", "dry"), ("rain in the night", "wet"))
]


def labels_of(predictions: Sequence[Any]) -> list[str]:
    return [prediction["label"] for prediction in predictions]


def test_the_majority_class_is_the_most_frequent_one() -> None:
    found = class_baselines("text")(SKY, [{"text": "sun"}, {"text": "?"}], ["dry", "wet"])
    assert labels_of(found[MAJORITY_CLASS]) == ["wet", "wet"]
    assert found[MAJORITY_CLASS][0]["probability"] == pytest.approx(12 / 18)


def test_the_classes_are_learned_from_the_words() -> None:
    found = class_baselines("text")(SKY, [{"text": "much sun"}, {"text": "much rain"}], ["dry", "wet"])
    assert labels_of(found[TFIDF]) == ["dry", "wet"]
    assert set(found[TFIDF][0]["probabilities"]) == {"dry", "wet"}


def test_it_is_scikit_learns_model() -> None:
    task = registry.load("text-classification")
    data = load(task, DataConfig(), 0)
    assert task.baseline is not None
    ours = task.baseline(data.train.values, data.dev.values, data.labels)[TFIDF]
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
    features = vectorizer.fit_transform([row["text"] for row in data.train.values])
    model = LogisticRegression(C=10, max_iter=1_000).fit(
        features, [row["label"] for row in data.train.values]
    )
    wanted = vectorizer.transform([row["text"] for row in data.dev.values])
    assert labels_of(ours) == model.predict(wanted).tolist()
    probabilities = model.predict_proba(wanted).max(axis=1)
    np.testing.assert_allclose([one["probability"] for one in ours], probabilities, rtol=1e-5)


def test_a_class_without_training_rows_is_never_predicted() -> None:
    found = class_baselines("text")(SKY, [{"text": "fog"}], ["dry", "foggy", "wet"])
    assert found[TFIDF][0]["probabilities"]["foggy"] == 0
    assert found[MAJORITY_CLASS][0]["probabilities"]["foggy"] == 0


def test_training_rows_of_one_class_give_that_class() -> None:
    found = class_baselines("text")(SKY[:1], [{"text": "sun"}], ["dry", "wet"])
    assert labels_of(found[TFIDF]) == ["wet"]


def test_texts_without_words_are_accepted() -> None:
    rows = [{"text": "!!!", "label": "loud"}, {"text": "…", "label": "quiet"}] * 3
    found = class_baselines("text")(rows, [{"text": "!"}, {"text": "…"}], ["loud", "quiet"])
    assert labels_of(found[TFIDF]) == ["loud", "quiet"]


def test_two_texts_are_compared() -> None:
    """Whether both texts are the same word: no linear model of the separate texts can learn that."""
    words = ["red", "green", "blue", "white", "black", "grey"]
    rows = [
        {"one": one, "other": other, "label": str(one == other)}
        for one in words
        for other in words
        for _ in range(5 if one == other else 1)
    ]
    found = class_baselines("one", "other")(rows, rows, ["False", "True"])
    assert labels_of(found[TFIDF]) == [row["label"] for row in rows]


def test_label_sets_are_learned_from_the_words() -> None:
    train = [
        {"text": "tea", "labels": ["hot"]},
        {"text": "lemon ice", "labels": ["cold", "sour"]},
        {"text": "lemon tea", "labels": ["hot", "sour"]},
        {"text": "water", "labels": []},
    ] * 6
    rows: list[Row] = [{"text": "ice with lemon"}, {"text": "tea"}, {"text": "water"}]
    found = label_set_baselines("text")(train, rows, ["cold", "hot", "sour"])
    assert [set(one["labels"]) for one in found[TFIDF]] == [{"cold", "sour"}, {"hot"}, set()]
    assert [one["labels"] for one in found["most frequent labels"]] == [["hot", "sour"]] * 3


@pytest.mark.parametrize(
    ("sets", "best"),
    [([["a"], ["a"], ["a", "b"], ["c"]], ["a"]), ([["a", "c"], ["a", "c"], ["c"], ["b"]], ["a", "c"])],
)
def test_the_most_frequent_labels(sets: Sequence[list[str]], best: list[str]) -> None:
    train = [{"text": f"word{place}", "labels": one} for place, one in enumerate(sets * 3)]
    (first, *_) = label_set_baselines("text")(train, [{"text": "x"}], ["a", "b", "c"])["most frequent labels"]
    assert first == {"labels": best}
    members = [set(combination) for size in (1, 2, 3) for combination in combinations("abc", size)]
    scores = [2 * sum(len(one & set(row)) for row in sets) / sum(len(one) + len(row) for row in sets)
              for one in members]  # fmt: skip
    assert members[scores.index(max(scores))] == set(best)


def test_a_label_of_all_rows_or_of_none_is_accepted() -> None:
    train = [{"text": word, "labels": ["always", *also]} for word, also in (("a", ["b"]), ("c", []))] * 3
    found = label_set_baselines("text")(train, [{"text": "a"}, {"text": "c"}], ["always", "b", "never"])
    assert [one["labels"] for one in found[TFIDF]] == [["always", "b"], ["always"]]


def test_scores_rise_with_the_words_in_common() -> None:
    train = [
        {"first": "a cat sleeps", "second": "a cat sleeps", "score": 5.0},
        {"first": "a cat sleeps", "second": "a dog sleeps", "score": 3.0},
        {"first": "a cat sleeps", "second": "prices rose", "score": 0.5},
    ]
    rows = [{"first": "prices rose", "second": other} for other in ("prices rose", "prices fell", "a dog")]
    found = similarity_baselines("first", "second")(train, rows, [])
    high, middle, low = found["TF-IDF cosine, linear scale"]
    assert 5.0 >= high > middle > low >= 0.5
    assert found["mean score"] == [pytest.approx(8.5 / 3)] * 3


def test_equal_cosines_give_the_mean_score() -> None:
    train = [{"first": "a", "second": "b", "score": score} for score in (1.0, 2.0)]
    found = similarity_baselines("first", "second")(train, [{"first": "a", "second": "a"}], [])
    assert list(found["TF-IDF cosine, linear scale"]) == [1.5]


def test_many_rows_are_sampled_and_few_are_not() -> None:
    rows: list[Row] = [{"text": str(number)} for number in range(MOST_ROWS + 500)]
    assert len(_sample(rows, 2)) == MOST_ROWS
    assert len(_sample(rows, 150)) == 10_000
    assert len(_sample(rows, 10**6)) == 1_000
    assert _sample(rows, 2) == _sample(rows, 2)
    assert _sample(rows[:900], 10**6) == rows[:900]
