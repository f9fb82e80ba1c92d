from __future__ import annotations

import pytest
from adaptkit_text_classification.texts import encode, prepare

LABELS = ("bakery", "lighthouse", "museum")


@pytest.mark.parametrize(
    ("label", "name"), [("bakery", "bakery"), (" bakery ", "bakery"), (3, "3"), (-1, "-1"), (True, "true")]
)
def test_labels_become_names(label, name):
    assert prepare({"text": "a loaf", "label": label, "id": 1}) == {"text": "a loaf", "label": name}


def test_a_row_to_be_predicted_has_no_label():
    assert prepare({"text": "a loaf"}) == prepare({"text": "a loaf", "label": None}) == {"text": "a loaf"}


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "", "label": "a"}, "the text is empty"),
        ({"text": " \u00a0\n", "label": "a"}, "the text is empty"),
        ({"label": "a"}, "text = None; expected a string"),
        ({"text": 5, "label": "a"}, "text = 5; expected a string"),
        ({"text": "a", "label": ""}, "label = ''; expected the name of a class"),
        ({"text": "a", "label": 1.5}, "label = 1.5; expected the name"),
        ({"text": "a", "label": ["a"]}, r"label = \['a'\]"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(row, message):
    with pytest.raises(ValueError, match=message):
        prepare(row)


def test_encoding_equals_the_tokenizers_truncated(tokenizer):
    rows = [{"text": "the lighthouse " * 30, "label": "lighthouse"}, {"text": "reading", "label": "museum"}]
    examples = encode(rows, tokenizer, LABELS, 12)
    assert [example.row for example in examples] == [0, 1]
    for example, row in zip(examples, rows, strict=True):
        alone = tokenizer(row["text"], truncation=True, max_length=12)
        assert example.inputs == {**alone, "labels": LABELS.index(row["label"])}
    assert len(examples[0].inputs["input_ids"]) == 12


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    (example,) = encode([{"text": "reading"}], tokenizer, LABELS, 12)
    assert set(example.inputs) == set(tokenizer.model_input_names)


def test_no_rows_give_no_examples(tokenizer):
    assert encode([], tokenizer, LABELS, 12) == []


def test_unusual_texts_are_encoded(tokenizer):
    rows = [{"text": text} for text in ("👍🏽👩‍👩‍👧", "سلام", "\u200b")]
    assert [example.row for example in encode(rows, tokenizer, LABELS, 12)] == [0, 1, 2]
