from __future__ import annotations

from functools import partial

import pytest
from adaptkit_multi_label import rows
from adaptkit_multi_label.rows import encode

LABELS = ("bakery", "lighthouse", "museum")
prepare = partial(rows.prepare, separator="|")


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ("noise|room", ["noise", "room"]),
        (" noise | room ", ["noise", "room"]),
        ("room, noise", ["room, noise"]),
        ("", []),
        (" ", []),
        ([], []),
        (("room", "noise", "room"), ["room", "noise"]),
        ([3, True, " a|b "], ["3", "true", "a|b"]),
    ],
)
def test_labels_become_a_list_of_names(labels, names):
    row = prepare({"text": "a loaf", "labels": labels, "id": 1})
    assert row == {"text": "a loaf", "labels": names}
    assert prepare(row) == row


def test_the_separator_of_labels_can_be_chosen():
    row = {"text": "a", "labels": "a|b; c"}
    assert rows.prepare(row, separator=";")["labels"] == ["a|b", "c"]


def test_a_row_to_be_predicted_has_no_labels():
    assert prepare({"text": "a loaf"}) == prepare({"text": "a loaf", "labels": None}) == {"text": "a loaf"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "", "labels": []}, "the text is empty"),
        ({"labels": ["a"]}, "text = None; expected a string"),
        ({"text": "a", "labels": "a||b"}, "label = ''; expected the name of a class"),
        ({"text": "a", "labels": ["a", None]}, "label = None; expected the name"),
        ({"text": "a", "labels": 3}, r"labels = 3; expected a list of names, or a text with '\|' between"),
        ({"text": "a", "labels": {"a": 1}}, "labels = {'a': 1}; expected a list"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(row, message):
    with pytest.raises(ValueError, match=message):
        prepare(row)


def test_encoding_equals_the_tokenizers_plus_a_number_per_label(tokenizer):
    some = [
        {"text": "the lighthouse " * 30, "labels": ["museum", "bakery"]},
        {"text": "reading", "labels": []},
    ]
    examples = encode(some, tokenizer, LABELS, 12)
    assert [example.row for example in examples] == [0, 1]
    for example, row, labels in zip(examples, some, ([1, 0, 1], [0, 0, 0]), strict=True):
        alone = tokenizer(row["text"], truncation=True, max_length=12)
        inputs = {**example.inputs, "labels": example.inputs["labels"].tolist()}
        assert inputs == {**alone, "labels": labels}


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    (example,) = encode([{"text": "reading"}], tokenizer, LABELS, 12)
    assert set(example.inputs) == set(tokenizer.model_input_names)


def test_no_rows_give_no_examples(tokenizer):
    assert encode([], tokenizer, LABELS, 12) == []


def test_each_label_of_a_row_takes_one_byte(tokenizer):
    labels = [f"label {number}" for number in range(3000)]
    row = {"text": "rooms", "labels": ["label 7", "label 2999"]}
    (example,) = encode([row], tokenizer, labels, 8)
    members = example.inputs["labels"]
    assert members.nbytes == 3000
    assert members.nonzero()[0].tolist() == [7, 2999]
