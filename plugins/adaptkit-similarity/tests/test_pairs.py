from __future__ import annotations

import json
import math
import resource

import pytest
from adaptkit_similarity import pairs
from adaptkit_similarity.scale import Scale

from adaptkit import SkipRow

SCALE = Scale(lowest=0, highest=5)
CLEAN = {"sentence1": "a dog sleeps", "sentence2": "an animal rests", "score": 3.5}


def prepare(row, scale=SCALE):
    return pairs.prepare(row, scale=scale)


def encode(rows, tokenizer, max_length):
    return pairs.encode(rows, tokenizer, (), max_length, scale=SCALE)


@pytest.mark.parametrize(
    "row",
    [
        CLEAN,
        {**CLEAN, "score": " 3.5 ", "genre": "news"},
        {"sentence1": "a dog sleeps", "sentence2": "an animal rests", "label": 3.5, "idx": 0},
        {"text1": "a dog sleeps", "text2": "an animal rests", "similarity": "3.5"},
        {"s1": "a dog sleeps", "s2": "an animal rests", "similarity_score": 3.5},
        {"sentence_A": "a dog sleeps", "sentence_B": "an animal rests", "relatedness_score": 3.5},
    ],
)
def test_rows_of_published_data_sets_are_accepted(row):
    assert prepare(row) == CLEAN


def test_the_tasks_own_names_come_first():
    assert prepare({**CLEAN, "text1": "other", "s2": "other", "label": 1}) == CLEAN


@pytest.mark.parametrize("score", [0, 5, "5", 4, 0.0])
def test_both_ends_of_the_scale_are_on_it(score):
    assert prepare({**CLEAN, "score": score})["score"] == float(score)


@pytest.mark.parametrize("score", [None, "", " - ", -1, -1.0, "-1.0"])
def test_a_row_without_a_score_is_skipped_with_its_reason(score):
    with pytest.raises(SkipRow, match=r"no score: label = "):
        prepare({"sentence1": "a", "sentence2": "b", "label": score})


def test_minus_one_is_a_score_if_the_scale_includes_it():
    assert prepare({**CLEAN, "score": -1}, Scale(lowest=-1, highest=1))["score"] == -1


def test_a_row_to_be_predicted_has_no_score_column():
    assert prepare({"s1": "a", "s2": "b"}) == {"sentence1": "a", "sentence2": "b"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sentence1": ""}, "the sentence1 is empty; expected"),
        ({"sentence2": " \u00a0\n"}, "the sentence2 is empty"),
        ({"sentence2": None}, "sentence2 = None; expected a string"),
        ({"sentence1": 5}, "sentence1 = 5; expected a string"),
        ({"score": "high"}, "score = 'high'; expected a number from 0 to 5$"),
        ({"score": True}, "score = True; expected a number"),
        ({"score": [3]}, r"score = \[3\]; expected a number"),
        ({"score": math.nan}, "score = nan; expected a number"),
        ({"score": "3,5"}, "score = '3,5'; expected a number"),
        (
            {"score": 87},
            "score = 87; expected a number from 0 to 5; set another scale .* --option highest=NUMBER",
        ),
        ({"score": "inf"}, "score = 'inf'; expected a number from 0 to 5; set another scale"),
        ({"score": -0.1}, "score = -0.1; expected"),
        ({"score": 10**400}, "score = 1000.*; expected a number"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        prepare({**CLEAN, **changes})
    assert not isinstance(caught.value, SkipRow)


def test_encoding_equals_the_tokenizers_for_pairs(tokenizer):
    rows = [CLEAN, {**CLEAN, "sentence1": "reading in Murano", "score": 0.0}]
    examples = encode(rows, tokenizer, 64)
    assert [example.row for example in examples] == [0, 1]
    for example, row, target in zip(examples, rows, (0.4, -1), strict=True):
        alone = tokenizer(row["sentence1"], row["sentence2"])
        expected = {name: alone[name] for name in tokenizer.model_input_names}
        assert {name: example.inputs[name] for name in expected} == expected
        assert example.inputs["labels"] == pytest.approx(target)


@pytest.mark.parametrize("long", ["sentence1", "sentence2"])
def test_the_longer_sentence_is_cut_off_first(tokenizer, long):
    short = {"sentence1": "sentence2", "sentence2": "sentence1"}[long]
    (example,) = encode([{long: "the lighthouse " * 60, short: "a dog"}], tokenizer, 40)
    ids = example.inputs["input_ids"]
    kept = tokenizer("a dog", add_special_tokens=False)["input_ids"]
    assert len(ids) == 40
    assert any(ids[start : start + len(kept)] == kept for start in range(len(ids)))


def cut_by_hand(text, tokenizer, most):
    """The first ``most`` tokens of the text."""
    offsets = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    return text[: offsets[most][0]]


def test_very_long_sentences_are_shortened_before_pairing(tokenizer):
    one, other = "the lighthouse " * 2500, "reading in Murano, " * 1700
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (example,) = encode([{"sentence1": one, "sentence2": other}], tokenizer, 64)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < 200 * 1024, f"{grown} KiB"  # every pair of overflowing pieces takes gigabytes
    short = (cut_by_hand(text, tokenizer, 64) for text in (one, other))
    alone = tokenizer(*short, truncation="longest_first", max_length=64)
    assert example.inputs == {name: alone[name] for name in tokenizer.model_input_names}


def test_rows_to_be_predicted_have_no_labels(tokenizer):
    (example,) = encode([{"sentence1": "reading", "sentence2": "سلام 👍🏽"}], tokenizer, 12)
    assert set(example.inputs) == set(tokenizer.model_input_names)
    assert encode([], tokenizer, 12) == []


@pytest.mark.parametrize("text", ["a dog sleeps ||| an animal rests", "a dog sleeps\tan animal rests"])
def test_a_text_of_two_parts_is_a_row(text):
    assert pairs.parse(text) == {"sentence1": "a dog sleeps", "sentence2": "an animal rests"}


@pytest.mark.parametrize(
    ("text", "parts"),
    [("only one", "1 part;"), ("a|||b", "1 part;"), ("a ||| b\tc", "3 parts;"), ("", "1 part;")],
)
def test_any_other_text_is_refused(text, parts):
    with pytest.raises(ValueError, match=rf"has {parts} expected two sentences with ' \|\|\| '"):
        pairs.parse(text)


def test_a_prediction_is_presented_as_the_score():
    assert json.dumps(pairs.present(CLEAN, 3.25)) == '{"score": 3.25}'
