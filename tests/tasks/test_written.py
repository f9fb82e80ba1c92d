from __future__ import annotations

import pytest

from adaptkit import plain_number, read_written


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (1.0, 1), (-2.0, -2), ("1.0", "1"), (" 3.000 ", "3"), ("-0.0", "0"), ("+4.0", "4"), (2.5, 2.5),
        ("2.50", "2.50"), ("1.", "1."), ("v1.0", "v1.0"), (True, True), (7, 7), (None, None),
    ],
)  # fmt: skip
def test_whole_numbers_are_written_in_one_way(value: object, plain: object) -> None:
    found = plain_number(value)
    assert (type(found), found) == (type(plain), plain)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_stays(value: float) -> None:
    assert plain_number(value) is value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("['a', 'b']", ["a", "b"]),
        ('["a", "b"]', ["a", "b"]),
        ("[1, 0,]", [1, 0]),
        (" (1, 2) ", (1, 2)),
        ("{'text': ['x'], 'answer_start': [3]}", {"text": ["x"], "answer_start": [3]}),
        ('{"a": null, "b": true}', {"a": None, "b": True}),
        ("['don\\'t', \"it's\"]", ["don't", "it's"]),
        ("[]", []),
    ],
)
def test_lists_and_dictionaries_written_as_text(text: str, value: object) -> None:
    assert read_written(text, "x") == value


@pytest.mark.parametrize("value", ["plain", "a, b", "", "[", 3, None, ["a"], "[x] y"])
def test_other_values_are_unchanged(value: object) -> None:
    assert read_written(value, "x") == value


@pytest.mark.parametrize(
    "text", ["['a' 'b']", "[1 0 1]", "[a, b]", "{'a': array([1])}", "[1, 0", "['a', 'b' 'c']", "[(]"]
)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """NumPy prints lists without commas; Python would join neighbouring texts to one."""
    if text == "[1, 0":
        assert read_written(text, "labels") == text
        return
    with pytest.raises(ValueError, match=r"^labels = .*written as text that cannot be read"):
        read_written(text, "labels")
