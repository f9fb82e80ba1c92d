from __future__ import annotations

import time
from itertools import pairwise, product

import numpy as np
import pytest
from adaptkit_ner.tags import bio_names, canonical
from adaptkit_ner.viterbi import best_sequences, rules_of

LABELS = bio_names(["LOC", "PER"])


def tags_of(scores, lengths, labels=LABELS, unknown=None):
    unknown = np.zeros(len(scores), bool) if unknown is None else unknown
    best = best_sequences(scores, lengths, unknown, rules_of(labels))  # [words]
    ends = np.cumsum(lengths)
    return [
        [labels[label] for label in best[end - length : end]]
        for end, length in zip(ends, lengths, strict=True)
    ]


def follows(before, tag, labels):
    kind = tag[2:]
    return not tag.startswith("I-") or f"B-{kind}" not in labels or before in (f"B-{kind}", f"I-{kind}")


def by_brute_force(scores, labels=LABELS, unknown=()):
    """The best of all valid sequences, by the sum of the logarithms of the softmax."""
    exact = scores.astype(float)  # [words, labels]
    logs = exact - np.log(np.exp(exact).sum(axis=-1, keepdims=True))
    valid = (
        sequence
        for sequence in product(range(len(labels)), repeat=len(scores))
        if all(
            word in unknown or follows(before, tag, labels)
            for word, (before, tag) in enumerate(pairwise(["O", *(labels[one] for one in sequence)]))
        )
    )
    return [
        labels[label] for label in max(valid, key=lambda sequence: logs[range(len(sequence)), sequence].sum())
    ]


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        ("I-LOC", "B-PER", "O", "I-PER", "B-LOC"),
        ("B-LOC", "I-LOC"),
        ("O", "I-LOC", "I-PER"),
        ("O", "B-LOC", "I-LOC", "I-PER"),
        ("O", "B-LOC", "B-PER"),
        ("O",),
    ],
    ids=" ".join,
)
def test_equals_the_best_of_all_valid_sequences(labels):
    draw = np.random.default_rng(0)
    lengths = draw.integers(1, 6, size=40)
    scores = draw.normal(scale=2, size=(sum(lengths), len(labels))).astype(np.float32)
    parts = np.split(scores, np.cumsum(lengths)[:-1])
    assert tags_of(scores, lengths, labels) == [by_brute_force(part, labels) for part in parts]


def test_repairing_the_most_probable_tags_gives_worse_sequences():
    scores = np.log([[0.40, 0.38, 0.02, 0.18, 0.02], [0.30, 0.02, 0.64, 0.02, 0.02]]).astype(np.float32)
    assert canonical([LABELS[label] for label in scores.argmax(axis=-1)]) == ["O", "B-LOC"]
    assert tags_of(scores, [2]) == [["B-LOC", "I-LOC"]]


def test_a_valid_sequence_of_the_most_probable_tags_is_returned():
    draw = np.random.default_rng(1)
    expected = [canonical(draw.choice(LABELS, size=length).tolist()) for length in (400, 1, 7)]
    labels = [LABELS.index(tag) for tags in expected for tag in tags]
    scores = draw.normal(scale=100, size=(len(labels), len(LABELS))).astype(np.float32)
    scores[range(len(labels)), labels] = scores.max(axis=-1) + np.float32(1e-4)
    assert tags_of(scores, [400, 1, 7]) == expected


def test_scores_of_a_word_may_differ_by_a_constant_and_in_size():
    draw = np.random.default_rng(2)
    scores = draw.normal(size=(5, len(LABELS))).astype(np.float32)
    assert tags_of(scores + np.float32(300), [5]) == tags_of(scores, [5]) == [by_brute_force(scores)]
    assert np.isfinite(scores).all(), "the argument is not changed"


def test_any_tag_follows_an_unknown_tag():
    draw = np.random.default_rng(5)
    scores = draw.normal(scale=2, size=(30 * 5, len(LABELS))).astype(np.float32)
    unknown = draw.random(len(scores)) < 0.3
    expected = [
        by_brute_force(part, unknown=np.flatnonzero(flags))
        for part, flags in zip(np.split(scores, 30), np.split(unknown, 30), strict=True)
    ]
    assert tags_of(scores, [5] * 30, unknown=unknown) == expected
    assert expected != tags_of(scores, [5] * 30)


def test_sequences_without_words():
    scores = np.ones((1, len(LABELS)), np.float32)
    assert tags_of(scores[:0], [0, 0]) == [[], []]
    assert tags_of(scores, [0, 1, 0]) == [[], ["O"], []]


def test_a_thousand_sentences_take_a_fraction_of_a_second():
    draw = np.random.default_rng(3)
    labels = bio_names(list("ABCDEF"))
    lengths = draw.integers(20, 41, size=1000)
    scores = draw.normal(size=(sum(lengths), len(labels))).astype(np.float32)
    seconds = []
    for _ in range(3):  # the best of several, because the machine may be busy
        start = time.process_time()
        best_sequences(scores, lengths, np.zeros(len(scores), bool), rules_of(labels))
        seconds.append(time.process_time() - start)
    assert min(seconds) < 0.5
