from __future__ import annotations

from typing import Any

import pytest
from adaptkit_qa.baselines import NO_ANSWER, WINDOW, baselines

CONTEXT = "The mill was built of oak by Ada Holm. The bridge was built in 1779 by Jon Dahl. It rains."


def row(question: str, answer: str | None, context: str = CONTEXT) -> dict[str, Any]:
    found = [] if answer is None else [{"text": answer, "start": context.index(answer)}]
    return {"question": question, "context": context, "answers": found}


TRAIN = [row("Who built the mill?", "Ada Holm"), row("Who built the bridge?", "Jon Dahl")]


@pytest.mark.parametrize(
    ("question", "length", "found"),
    [
        ("Who built bridges?", 1, "Dahl"),  # before both words, and the first of two that are as near
        ("Who built bridges?", 2, "Jon Dahl"),
        ("Who built bridges?", 99, "Rain fell. Jon Dahl built bridges in 1779"),  # all there is
        ("Did rain fall? What fell?", 1, "Jon"),  # after both words
        ("What?", 1, "Rain"),
    ],
)
def test_an_answer_is_near_the_words_of_the_question(question: str, length: int, found: str) -> None:
    context = "Rain fell. Jon Dahl built bridges in 1779."
    train = [row("?", " ".join(["w"] * length), " ".join(["w"] * length))]
    (prediction,) = baselines(train, [{"question": question, "context": context}], ())[WINDOW]
    answer = prediction["answer"]
    assert answer["text"] == found == context[answer["start"] : answer["end"]]


def test_a_word_that_the_context_repeats_counts_less() -> None:
    context = "the the the the one two the three seas four"
    asked = {"question": "the seas?", "context": context}
    (prediction,) = baselines([row("?", "Ada", "Ada")], [asked], ())[WINDOW]
    assert prediction["answer"]["text"] == "three"


def test_no_answer_is_a_baseline_if_some_have_none() -> None:
    assert set(baselines(TRAIN, TRAIN, ())) == {WINDOW}
    found = baselines([*TRAIN, row("Who swam?", None)], TRAIN, ())
    assert found[NO_ANSWER] == [{"answer": None}, {"answer": None}]


def test_without_a_known_answer_the_span_is_one_word() -> None:
    found = baselines([row("Who swam?", None)], TRAIN, ())[WINDOW]
    assert all(" " not in prediction["answer"]["text"] for prediction in found)


@pytest.mark.parametrize("context", ["...", "a", "İstanbul was İzmir"])
def test_any_context_has_a_span_or_none(context: str) -> None:
    (prediction,) = baselines(TRAIN, [{"question": "Was it?", "context": context}], ())[WINDOW]
    answer = prediction["answer"]
    assert (answer is None) == (context == "...")
    assert answer is None or context[answer["start"] : answer["end"]] == answer["text"]
