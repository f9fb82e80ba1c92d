from __future__ import annotations

import json
import resource

import pytest
from adaptkit_nli.pairs import encode, parse, prepare, present

from adaptkit import SkipRow

LABELS = ("contradiction", "entailment", "neutral")
CLEAN = {"premise": "a dog sleeps", "hypothesis": "an animal rests", "label": "entailment"}


@pytest.mark.parametrize(
    "row",
    [
        CLEAN,
        {**CLEAN, "label": " entailment ", "id": 4},
        {
            "sentence1": "a dog sleeps",
            "sentence2": "an animal rests",
            "gold_label": "entailment",
            "annotator_labels": ["entailment", "neutral"],
            "sentence1_parse": "(ROOT)",
        },
        {"context": "a dog sleeps", "hypothesis": "an animal rests", "label": "e", "uid": "x", "reason": ""},
    ],
)
def test_rows_of_published_data_sets_are_accepted(row):
    assert prepare(row) == CLEAN


def test_the_tasks_own_names_come_first():
    assert prepare({**CLEAN, "sentence1": "other", "context": "other", "gold_label": "neutral"}) == CLEAN


def test_any_labels_are_accepted_and_letters_stay_letters():
    assert [prepare({**CLEAN, "label": one})["label"] for one in ("not_entailment", 0, True, "c")] == [
        "not_entailment", "0", "true", "c",
    ]  # fmt: skip


@pytest.mark.parametrize("label", ["-", "-1", -1, "", " ", None])
@pytest.mark.parametrize("name", ["label", "gold_label"])
def test_a_row_without_a_gold_label_is_skipped_with_its_reason(name, label):
    with pytest.raises(SkipRow, match=f"no gold label: {name} = "):
        prepare({"sentence1": "a", "sentence2": "b", name: label})


def test_a_row_to_be_predicted_has_no_label_column():
    assert prepare({"sentence1": "a", "sentence2": "b"}) == {"premise": "a", "hypothesis": "b"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"premise": ""}, "the premise is empty; expected"),
        ({"hypothesis": " \u00a0\n"}, "the hypothesis is empty"),
        ({"hypothesis": None}, "hypothesis = None; expected a string"),
        ({"premise": 5}, "premise = 5; expected a string"),
        ({"label": 1.5}, "label = 1.5; expected the name of a class"),
        ({"label": ["a"]}, r"label = \['a'\]; expected"),
        ({"premise": "", "label": "-"}, "the premise is empty"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        prepare({**CLEAN, **changes})
    assert not isinstance(caught.value, SkipRow)


def test_the_message_names_the_column_of_the_file():
    with pytest.raises(ValueError, match="the sentence2 is empty"):
        prepare({"sentence1": "a", "sentence2": ""})


def test_encoding_equals_the_tokenizers_for_pairs(tokenizer):
    rows = [CLEAN, {**CLEAN, "premise": "reading in Murano", "label": "neutral"}]
    examples = encode(rows, tokenizer, LABELS, 64)
    assert [example.row for example in examples] == [0, 1]
    for example, row in zip(examples, rows, strict=True):
        alone = tokenizer(row["premise"], row["hypothesis"])
        expected = {name: alone[name] for name in tokenizer.model_input_names}
        assert example.inputs == {**expected, "labels": LABELS.index(row["label"])}


def test_token_types_are_included_if_the_encoder_has_them(wordpiece, byte_level):
    (example,) = encode([CLEAN], wordpiece, LABELS, 64)
    types = example.inputs["token_type_ids"]
    end = example.inputs["input_ids"].index(wordpiece.sep_token_id) + 1
    assert set(types[:end]) == {0}
    assert set(types[end:]) == {1}
    (example,) = encode([CLEAN], byte_level, LABELS, 64)
    assert "token_type_ids" not in example.inputs


@pytest.mark.parametrize("long", ["premise", "hypothesis"])
def test_the_longer_text_is_cut_off_first(tokenizer, long):
    short = {"premise": "hypothesis", "hypothesis": "premise"}[long]
    row = {long: "the lighthouse " * 60, short: "a dog"}
    (example,) = encode([row], tokenizer, LABELS, 40)
    ids = example.inputs["input_ids"]
    kept = tokenizer("a dog", add_special_tokens=False)["input_ids"]
    assert len(ids) == 40
    assert any(ids[start : start + len(kept)] == kept for start in range(len(ids)))


def cut_by_hand(text, tokenizer, most):
    """The first ``most`` tokens of the text."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return text[: offsets[most][0]]


def test_very_long_texts_are_shortened_before_pairing(tokenizer):
    one, other = "the lighthouse " * 2500, "reading in Murano, " * 1700
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (example,) = encode([{"premise": one, "hypothesis": other}], tokenizer, LABELS, 64)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024, f"{grown} KiB"  # every pair of overflowing pieces takes gigabytes
    short = (cut_by_hand(text, tokenizer, 64) for text in (one, other))
    alone = tokenizer(*short, truncation="longest_first", max_length=64)
    assert example.inputs == {name: alone[name] for name in tokenizer.model_input_names}


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    (example,) = encode([{"premise": "reading", "hypothesis": "سلام 👍🏽"}], tokenizer, LABELS, 12)
    assert set(example.inputs) == set(tokenizer.model_input_names)
    assert encode([], tokenizer, LABELS, 12) == []


@pytest.mark.parametrize("text", ["a dog sleeps ||| an animal rests", "a dog sleeps\tan animal rests"])
def test_a_text_of_two_parts_is_a_row(text):
    assert parse(text) == {"premise": "a dog sleeps", "hypothesis": "an animal rests"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [("only one", "1 part;"), ("a|||b", "1 part;"), ("a ||| b\tc", "3 parts;"), ("", "1 part;")],
)
def test_any_other_text_is_refused(text, parts):
    with pytest.raises(ValueError, match=rf"has {parts} expected a premise and a hypothesis with ' \|\|\| '"):
        parse(text)


def test_a_prediction_is_presented_as_it_is():
    prediction = {"label": "neutral", "probability": 0.5, "probabilities": {"neutral": 0.5}}
    assert json.loads(json.dumps(present(CLEAN, prediction))) == prediction
