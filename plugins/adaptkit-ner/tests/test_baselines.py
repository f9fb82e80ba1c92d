from __future__ import annotations

import random
import time

import pytest
from adaptkit_ner import ner
from adaptkit_ner.baselines import frequent_tags, training_entities
from adaptkit_ner.tags import canonical

from adaptkit.analysis.baselines import baseline_scores

TRAIN = [
    {"tokens": ["New", "York", "Times"], "tags": ["B-ORG", "I-ORG", "I-ORG"]},
    {"tokens": ["in", "New", "York"], "tags": ["O", "B-LOC", "I-LOC"]},
    {"tokens": ["Paris", "saw", "Paris"], "tags": ["B-PER", "O", "B-LOC"]},
    {"tokens": ["Paris"], "tags": ["B-PER"]},
]


def tags_of(baseline, tokens, train=TRAIN):
    (predictions,) = baseline(train, [{"tokens": tokens}], ()).values()
    return predictions[0]["tags"]


@pytest.mark.parametrize(
    ("tokens", "tags"),
    [
        (["the", "New", "York", "Times"], ["O", "B-ORG", "I-ORG", "I-ORG"]),
        (["New", "York", "Paris"], ["B-LOC", "I-LOC", "B-PER"]),
        (["New", "Times", "New"], ["O", "O", "O"]),
        (["York", "paris"], ["O", "O"]),
        (["New", "New", "York"], ["O", "B-LOC", "I-LOC"]),
    ],
)
def test_the_longest_entity_has_its_most_frequent_type(tokens, tags):
    assert tags_of(training_entities, tokens) == tags


def test_training_rows_without_entities():
    assert tags_of(training_entities, ["a", "b"], train=[{"tokens": ["a"], "tags": ["O"]}]) == ["O", "O"]


def test_an_unknown_word_has_the_most_frequent_tag_of_all_words():
    train = [{"tokens": ["run", "run", "dog", "a"], "tags": ["VERB", "VERB", "NOUN", "DET"]}]
    train.append({"tokens": ["run", "cat", "cup"], "tags": ["NOUN", "NOUN", "NOUN"]})
    assert tags_of(frequent_tags, ["run", "a", "sky"], train) == ["VERB", "DET", "NOUN"]


def test_the_metric_scores_the_baselines_of_the_tasks():
    entities = baseline_scores(ner(), TRAIN, TRAIN, ())
    assert set(entities) == {"training entities"}
    assert entities["training entities"]["f1"] == pytest.approx(8 / 10)
    words = baseline_scores(ner(spans=False), TRAIN, TRAIN, ())
    assert words["most frequent tag of each word"]["accuracy"] == pytest.approx(7 / 10)


def test_ten_thousand_sentences_take_seconds():
    draw = random.Random(0)
    words = [f"word{number}" for number in range(5000)]
    tags = ["O"] * 8 + ["B-X", "I-X"]
    rows = []
    for _ in range(10_000):
        tokens = draw.choices(words, k=20)
        rows.append({"tokens": tokens, "tags": canonical(draw.choices(tags, k=20))})
    start = time.process_time()
    training_entities(rows, rows, ())
    assert time.process_time() - start < 5
