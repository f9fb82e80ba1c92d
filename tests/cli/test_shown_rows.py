from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from adaptkit.cli.shown_rows import indented, input_of, news_in, question_in, words_in
from adaptkit.tasks import registry


def test_the_input_is_shortened_visibly() -> None:
    (line,) = indented("", {"text": "boats " * 500}, 600)
    assert line.startswith("  text: boats boats")
    assert line.endswith("…")
    assert len(line) < 700


@pytest.mark.parametrize(
    ("predicted", "expected"),
    [
        (
            {"label": "a", "probability": 0.75, "probabilities": {"a": 0.75, "b": 0.25}},
            {"label": "a", "probabilities": {"a": 0.75, "b": 0.25}},
        ),
        (
            {"answer": "x", "probability": 0.5, "choices": [{"text": "x", "probability": 0.5}]},
            {"answer": "x", "choices": [{"text": "x", "probability": 0.5}]},
        ),
        ({"score": 4.5}, {"score": 4.5}),
        ({"answer": None, "score": 0.8}, {"answer": None, "score": 0.8}),
        ({"score": [0.5], "parts": {"a": 0.5}}, {"score": [0.5], "parts": {"a": 0.5}}),
        ({"margin": 0.5, "parts": {"a": 0.5}}, {"margin": 0.5, "parts": {"a": 0.5}}),
        ({"text": "boats", "label": "a"}, {"label": "a"}),  # the text is the row's own
    ],
)
def test_each_number_is_shown_once(predicted: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    assert news_in(predicted, {"text": "boats"}, ()) == expected


def test_words_are_shown_as_one_text() -> None:
    ner = registry.load("ner")
    for given in ({"tokens": ["Amara", "slept"]}, {"text": "Amara slept"}):
        row = question_in(ner, {**ner.prepare(given), "tags": ["O", "O"]})
        words = words_in(ner, row)
        assert list(words) == ["Amara", "slept"]
        assert input_of(row, words) == {next(iter(given)): "Amara slept"}
    choices = {"question": "What?", "choices": ["a", "b"]}
    assert words_in(registry.load("multiple-choice"), choices) == ()
    assert input_of(choices, ()) == choices
