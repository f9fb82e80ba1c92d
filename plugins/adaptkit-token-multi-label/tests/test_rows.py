from __future__ import annotations

import pytest
from adaptkit_token_multi_label.rows import prepare

TOKENS = ["Porto", "Library", "opened"]
LABELS = [["ORG", "LOC"], ["ORG"], []]


@pytest.mark.parametrize(
    "labels",
    [
        LABELS,
        ["ORG|LOC", "ORG", "O"],
        [" ORG | LOC ", "ORG", ""],
        ["ORG|LOC", "ORG", "_"],
        [["ORG", "LOC", "ORG"], "ORG", None],
        [("ORG", "LOC"), ["ORG", "O"], ["-"]],
        '[["ORG", "LOC"], ["ORG"], []]',
    ],
)
def test_labels_in_every_form(labels):
    expected = {"tokens": TOKENS, "labels": LABELS}
    assert prepare({"tokens": TOKENS, "labels": labels}) == expected
    assert prepare({"words": TOKENS, "tags": labels}) == expected


def test_another_separator():
    assert prepare({"tokens": ["a"], "labels": ["x|y;z"]}, separator=";")["labels"] == [["x|y", "z"]]


def test_numbers_become_digits_or_names():
    row = {"tokens": ["a", "b", "c"], "labels": [[0, 1.0], 1, []]}
    assert prepare(row)["labels"] == [["0", "1"], ["1"], []]
    assert prepare(row, names=("PER", "LOC"))["labels"] == [["PER", "LOC"], ["LOC"], []]


def test_overlapping_entities_give_several_labels():
    text = "Northwest Porto."
    row = prepare({"text": text, "entities": [[0, 15, "ORG"], [10, 15, "LOC"], [0, 5, "DIR"], [0, 5, "DIR"]]})
    assert row["tokens"] == ["North", "west", "Porto", "."]
    assert row["labels"] == [["ORG", "DIR"], ["ORG"], ["ORG", "LOC"], []]
    assert [text[start:end] for start, end in row["spans"]] == row["tokens"]


def test_rows_to_be_predicted():
    assert prepare({"tokens": TOKENS}) == {"tokens": TOKENS}
    assert prepare({"text": "a b"}) == {"text": "a b", "tokens": ["a", "b"], "spans": [(0, 1), (2, 3)]}
    row = {"tokens": [{"text": "a", "id": 0}, {"text": "b", "id": 1}], "text": "a  b"}
    assert prepare(row) == {"tokens": ["a", "b"], "text": "a  b", "spans": [(0, 1), (3, 4)]}


def test_preparing_twice_equals_preparing_once():
    row = prepare({"text": "Mira sang", "entities": [[0, 4, "PER"]]})
    assert prepare(row) == row


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"tokens": TOKENS, "labels": [["a"]]}, "3 tokens, but labels of 1"),
        ({"tokens": TOKENS, "labels": "a|b"}, "expected a list with the labels of each token"),
        ({"tokens": ["a"], "labels": [{"x": 1}]}, r"token 1 \('a'\): labels = .*expected a list of names"),
        ({"tokens": ["a", "b"], "labels": ["x", "x||y"]}, r"token 2 \('b'\): "),
        ({"tokens": [], "labels": []}, "tokens is empty"),
        ({"tokens": [1], "labels": [[]]}, "expected a list of strings"),
        ({"tokens": ["a"], "text": 5, "entities": []}, "text = 5; expected a string"),
        ({"text": "ab", "entities": [[0, 9, "X"]]}, "of a text of 2 characters"),
        ({"text": " "}, "contains no word"),
        ({}, "text = None; expected a string"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(row, message):
    with pytest.raises(ValueError, match=message):
        prepare(row)
