from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from adaptkit.serve.accepted import (
    accepted_texts,
    limits_by_parts,
    needed_columns,
    schema_of_column,
    schema_of_texts,
)
from adaptkit.tasks.registry import load
from tests.helpers.mood_tasks import classifying

CHOICES = {"question": "Who came?", "choices": ["Ada", "Grace"]}


def refusing(expected: str) -> Any:
    def prepare(text: str) -> dict[str, str]:
        if not re.search(expected, text):
            raise ValueError("another text was expected")
        return {"text": text}

    return prepare


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        (r"<e1>.*</e1>.*<e2>.*</e2>", "the <e1>old</e1> (red) bridge of <e2>Bern</e2>."),
        (r"\$.*\.", "it costs $15. now"),
        (r"^x$", "x"),
    ],
)
def test_a_pattern_has_what_a_text_needs(expected: str, text: str) -> None:
    pattern = limits_by_parts(refusing(expected), text)["pattern"]
    assert re.search(pattern, text)
    assert not re.search(pattern, "another text")


def test_a_pattern_that_its_text_does_not_have_is_left_out() -> None:
    assert limits_by_parts(refusing(r"\$\d+\."), "it costs $15. now") == {}


@pytest.mark.parametrize(
    ("task", "text", "refused"),
    [
        ("text-classification", "word", " \n"),
        ("nli", "one ||| two", "one two"),
        ("similarity", "one\ttwo", "one"),
        ("qa", "one ||| two", " ||| two"),
        ("multiple-choice", "a ||| b ||| c", "a ||| b"),
        ("relation", "<e1>a</e1> in <e2>b</e2>", "a in b"),
    ],
)
def test_texts_have_the_form_of_their_task(task: str, text: str, refused: str) -> None:
    made = load(task, {})

    def row_of(given: str) -> Any:
        return made.prepare(made.parse_text(given))

    accepted = accepted_texts(row_of, [{"text": "<e1>Ada</e1> met <e2>Grace</e2>"}])
    pattern = schema_of_texts(row_of, accepted)["pattern"]
    row_of(text)
    assert re.search(pattern, text)
    with pytest.raises(ValueError, match=r"expected|choices"):
        row_of(refused)
    assert not re.search(pattern, refused)


def test_lists_have_the_sizes_that_the_task_accepts() -> None:
    schema = schema_of_column(load("multiple-choice", {}), CHOICES, "choices", {"type": "array"})
    assert (schema["minItems"], schema["maxItems"]) == (2, 26)
    assert schema["items"] == {"type": "string", "pattern": r"\S"}


def test_a_column_has_each_type_that_the_task_accepts() -> None:
    row = {**CHOICES, "context": "a text"}
    schema = schema_of_column(load("multiple-choice", {}), row, "context", {"type": "string"})
    assert schema == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    anything = {"id": "1", "question": "Who?", "context": "Ada"}
    assert schema_of_column(load("qa", {}), anything, "id", {"type": "string"}) == {}


def test_only_columns_that_rows_need_are_required() -> None:
    assert needed_columns(load("qa", {}), {"id": "1", "question": "Who?", "context": "Ada"}) == [
        "question",
        "context",
    ]


def test_a_task_that_accepts_nothing_tried_has_no_pattern() -> None:
    assert accepted_texts(refusing("^never$"), [{"text": "other", "words": ["a", "b"]}]) == []
    assert schema_of_texts(refusing("^never$"), []) == {"type": "string"}
    task = replace(classifying(), prepare=refusing("^never$"))
    assert schema_of_column(task, {"text": ["a"]}, "text", {"type": "array"}) == {"type": "array"}
