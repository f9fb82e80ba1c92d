from __future__ import annotations

import random
import re
import string

import pytest
from adaptkit_qa.metric import METRIC, words

VOCABULARY = [
    "the",
    "a",
    "An",
    "Bridge",
    "bridge,",
    "oak",
    "1712",
    "théâtre",
    "U.S.",
    "…",
    "?",
    "the-oak",
    "an",
]


def said(text):
    return {"answer": {"text": text} if text else None}


def gold(*texts):
    return {"answers": [{"text": text, "start": 0} for text in texts]}


def normalized(text):
    """Written from the definition: lower case, no punctuation, no articles, single spaces."""
    kept = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return " ".join(re.sub(r"\b(?:an|a|the)\b", " ", kept).split())


def official(prediction, golds):
    """(exact match, F1) of one question, by taking shared words away one at a time."""
    golds = [text for text in golds if normalized(text)] or [""]
    exact, best = 0, 0.0
    for text in golds:
        exact = max(exact, int(normalized(text) == normalized(prediction)))
        left, guess = normalized(text).split(), normalized(prediction).split()
        if not left or not guess:
            best = max(best, float(left == guess))
            continue
        length, shared = len(left), 0
        for word in guess:
            if word in left:
                left.remove(word)
                shared += 1
        if shared:
            precision, recall = shared / len(guess), shared / length
            best = max(best, 2 * precision * recall / (precision + recall))
    return exact, best


@pytest.mark.parametrize("seed", range(3))
def test_equals_the_official_definition_on_random_answers(seed):
    draw = random.Random(seed)

    def text():
        return " ".join(draw.choices(VOCABULARY, k=draw.randint(1, 5)))

    golds = [[text() for _ in range(draw.choice([0, 0, 1, 1, 2, 3, 5]))] for _ in range(400)]
    guesses = [draw.choice(["", text(), *(answers or [""])]) for answers in golds]
    scores = METRIC.compute([said(guess) for guess in guesses], [gold(*answers) for answers in golds])
    theirs = [official(guess, answers) for guess, answers in zip(guesses, golds, strict=True)]

    def means(pairs):
        exact, f1 = zip(*pairs, strict=True)
        return {"exact_match": sum(exact) / len(pairs), "f1": sum(f1) / len(pairs)}

    assert scores.values == pytest.approx(means(theirs))
    for name, kind in (("HasAns", True), ("NoAns", False)):
        its = [pair for pair, answers in zip(theirs, golds, strict=True) if bool(answers) is kind]
        assert scores.groups[name] == pytest.approx({**means(its), "support": len(its)})
    assert 0.1 < scores.values["exact_match"] < scores.values["f1"] < 0.9


def test_case_punctuation_and_articles_are_ignored():
    assert words("The U.S.  oak-bridge,\n a Theatre") == ["us", "oakbridge", "theatre"]
    scores = METRIC.compute([said("the Oak bridge!")], [gold("stone", "Oak Bridge")])
    assert scores.values == {"f1": 1.0, "exact_match": 1.0}


def test_repeated_words_count_as_often_as_they_occur():
    assert METRIC.compute([said("ha ha ha")], [gold("ha ha")]).values["f1"] == pytest.approx(0.8)


def test_no_answer_is_correct_only_if_there_is_none():
    rows = [gold(), gold(), gold("oak"), gold("oak")]
    scores = METRIC.compute([said(""), said("oak"), said(""), said("oak")], rows)
    assert scores.values == {"f1": 0.5, "exact_match": 0.5}
    assert scores.groups["NoAns"] == {"f1": 0.5, "exact_match": 0.5, "support": 2.0}


def test_groups_are_given_only_if_some_questions_lack_answers():
    assert METRIC.compute([said("oak")], [gold("oak")]).groups == {}
    assert list(METRIC.compute([said("")], [gold()]).groups) == ["NoAns"]
    assert METRIC.compute([], []).values == {"f1": 0.0, "exact_match": 0.0}
