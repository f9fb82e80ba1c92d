from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from adaptkit_multiple_choice.baselines import POSITION, baselines

COLOURS = ("red", "blue", "green", "black", "white", "brown", "grey", "pink")
ANIMALS = ("cat", "dog", "owl", "eel", "ant", "bee", "cow", "fox")

TRAIN = [
    {"question": "Which is a colour?", "choices": [animal, colour, "Monday"], "answer": 1}
    for colour, animal in zip(COLOURS, ANIMALS, strict=True)
]


def answers(predictions: Sequence[Any]) -> list[int]:
    return [prediction["answer"] for prediction in predictions]


def test_the_position_is_the_most_frequent_of_the_row() -> None:
    rows = [{"question": "?", "choices": ["a", "b"]}, {"question": "?", "choices": ["a", "b", "c"]}]
    train = [*TRAIN[:2], *({**TRAIN[0], "answer": 2} for _ in range(3))]
    assert answers(baselines(train, rows, ())[POSITION]) == [1, 2]


def test_the_classifier_reads_choices_not_positions() -> None:
    rows = [
        {"question": "Which is a colour?", "choices": ["pink", "Monday", "fox"]},
        {"question": "Which is a colour?", "choices": ["ant", "grey"]},
    ]
    (learned,) = (its for name, its in baselines(TRAIN, rows, ()).items() if name != POSITION)
    assert answers(learned) == [0, 1]


def test_the_context_is_read_with_the_question() -> None:
    train = [
        {"context": context, "question": "What is it?", "choices": [context, other], "answer": 0}
        for context, other in zip(COLOURS, reversed(COLOURS), strict=True)
    ]
    rows = [{"context": "red", "question": "What is it?", "choices": ["blue", "red"]}]
    (learned,) = (its for name, its in baselines(train, rows, ()).items() if name != POSITION)
    assert answers(learned) == [1]
