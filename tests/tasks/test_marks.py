from __future__ import annotations

from typing import Any

import pytest

from adaptkit import Mark, contradiction, marks_of
from adaptkit.tasks.marks import looks_like_marks


@pytest.mark.parametrize(
    "value",
    [
        {"start": 0, "end": 3, "label": "PER"},
        {"start": 0.0, "end": 3.0, "label": "PER"},
        {"start_offset": 0, "end_offset": 3, "label": "PER", "id": 4},
        {"start": 0, "end": 3, "labels": ["PER"]},
        {"start": 0, "end": 3, "entity": "PER", "value": "ada"},
        {"start_char": 0, "end_char": 3, "label_": "PER"},
        [0, 3, "PER"],
        (0, 3, "PER"),
    ],
)
def test_every_spelling_of_a_span(value: Any) -> None:
    assert marks_of([value]) == [Mark(0, 3, "PER")]
    assert looks_like_marks([value])


def test_spans_written_as_text() -> None:
    assert marks_of("[(0, 3, 'PER')]") == [Mark(0, 3, "PER")]
    assert looks_like_marks('[{"start": 0, "end": 3, "label": "PER"}]')


@pytest.mark.parametrize(
    "value", [[], "x", ["PER"], [{"text": "a", "start": 3}], [[0, 3]], [["a", "b", "c"]], None]
)
def test_other_values_are_not_spans(value: Any) -> None:
    assert not looks_like_marks(value)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("x", "entities = 'x'; expected a list of"),
        ([{"start": 0, "label": "PER"}], r"entity .*; expected {start, end, label} or \[start, end, label\]"),
        ([[0, 3]], r"entity \[0, 3\]; expected"),
        ([[0, "3", "PER"]], "entity offsets 0 and '3'; expected integers"),
        ([[0, 2.5, "PER"]], r"entity offsets 0 and 2\.5; expected integers"),
        ([{"start": 0, "end": 3, "label": 2}], "entity label 2; expected the name of a type"),
    ],
)
def test_a_bad_span_is_refused(value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        marks_of(value)


TEXT = "🎉 Été in Torv 🎉 with Ana"


@pytest.mark.parametrize(
    ("start", "own", "message"),
    [
        (9, "Torv", ""),
        (9, "Torv ", ""),
        (9, None, ""),
        (
            10,
            "Torv",
            r"'LOC' at 10-14 is 'orv ' in the text, but its own text is 'Torv'.*if they counted UTF-16",
        ),
        (14, "Torv", "offsets would fit if they counted bytes"),
        (0, "Torv", "its first occurrence is at 9"),
        (0, "Oslo", "its own text is 'Oslo'$"),
    ],
)
def test_an_own_text_at_another_place(start: int, own: str | None, message: str) -> None:
    problem = contradiction(Mark(start, start + 4, "LOC", own), TEXT)
    assert bool(problem) == bool(message)
    if message:
        with pytest.raises(ValueError, match=message):
            raise ValueError(problem)


def test_line_breaks_of_tools_are_no_contradiction() -> None:
    assert contradiction(Mark(0, 7, "LOC", "New\\nTor"), "New\nTor") == ""
