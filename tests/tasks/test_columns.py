from __future__ import annotations

import pytest

from adaptkit.tasks.columns import first_column, is_missing, required_text, text_parts


def test_the_first_column_that_a_row_has() -> None:
    assert first_column({"b": 1, "c": 2}, ("a", "b", "c")) == "b"
    assert first_column({}, ("a", "b")) == "a"


def test_a_required_text() -> None:
    assert required_text({"sentence1": "x"}, "premise", "sentence1") == "x"
    for row, problem in (
        ({}, "premise = None; expected a string"),
        ({"sentence1": 3}, "sentence1 = 3; expected a string"),
        ({"premise": " \n"}, "the premise is empty"),
    ):
        with pytest.raises(ValueError, match=problem):
            required_text(row, "premise", "sentence1")


@pytest.mark.parametrize("value", [None, "", " - ", "-1", -1, -1.0])
def test_missing_values(value: object) -> None:
    assert is_missing(value)


@pytest.mark.parametrize("value", [0, "0", "none", False, 1.5])
def test_values_that_are_not_missing(value: object) -> None:
    assert not is_missing(value)
    assert is_missing(value, marks=(str(value),))


def test_the_parts_of_a_text() -> None:
    assert text_parts("a ||| b", 2, "two texts") == text_parts("a\tb", 2, "two texts") == ["a", "b"]
    with pytest.raises(ValueError, match="1 part; expected two texts with"):
        text_parts("a", 2, "two texts")
