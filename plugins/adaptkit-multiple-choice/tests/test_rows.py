from __future__ import annotations

import json

import pytest
from adaptkit_multiple_choice import rows

from adaptkit import SkipRow

QUESTION, CHOICES = "What do they make?", ["butter", "honey"]
CLEAN = {"question": QUESTION, "choices": CHOICES, "answer": 1}
WITH_CONTEXT = {"context": "We keep bees.", **CLEAN}
LABELLED = [{"label": "A", "text": "butter"}, {"label": "B", "text": "honey"}]


def prepare(row, first=None):
    return rows.prepare(row, first=first)


@pytest.mark.parametrize(
    "row",
    [
        CLEAN,
        {**CLEAN, "answer": "B", "context": ""},
        {"question": {"stem": QUESTION, "choices": LABELLED}, "answerKey": "B", "id": "x"},
        {"question": QUESTION, "choices": {"text": CHOICES, "label": ["1", "2"]}, "answerKey": "2"},
        {"question_stem": QUESTION, "choices": {"text": CHOICES, "label": ["A", "B"]}, "answerKey": "B"},
        {"question": QUESTION, "A": "butter", "B": "honey", "C": "", "answer": "B"},
        {"goal": QUESTION, "sol0": "butter", "sol1": "honey", "label": "1"},
        {"ctx": QUESTION, "endings": CHOICES, "label": "1", "activity_label": "Bees"},
    ],
)
def test_rows_of_published_data_sets_are_accepted(row):
    assert prepare(row) == CLEAN


@pytest.mark.parametrize(
    "row",
    [
        WITH_CONTEXT,
        {"sent1": "We keep bees.", "sent2": QUESTION, "ending0": "butter", "ending1": "honey", "label": 1},
        {"article": "We keep bees.", "question": QUESTION, "options": CHOICES, "answer": "B"},
        {
            "premise": "We keep bees.",
            "question": QUESTION,
            "choice0": "butter",
            "choice1": "honey",
            "label": 1,
        },
    ],
)
def test_a_text_before_the_question_is_its_context(row):
    assert prepare(row) == WITH_CONTEXT


def test_where_numbers_begin_is_an_option():
    row = {"goal": "What do they make?", "sol1": "butter", "sol2": "honey", "label": 1}
    assert prepare(row, first=0) == CLEAN
    with pytest.raises(ValueError, match="first=0 or --option first=1"):
        prepare(row)


def test_an_answer_may_be_the_name_of_a_column():
    row = {"question": "What do they make?", "choice1": "butter", "choice2": "honey", "label": "choice2"}
    assert prepare(row) == CLEAN


@pytest.mark.parametrize("answer", ["-", "-1", -1, "", " ", None])
def test_a_row_without_an_answer_is_skipped_with_its_reason(answer):
    with pytest.raises(SkipRow, match="no answer: answerKey = "):
        prepare({"question": "?", "choices": ["x", "y"], "answerKey": answer})


def test_a_row_to_be_predicted_has_no_answer_column():
    assert prepare({"question": "?", "choices": ["x", "y"]}) == {"question": "?", "choices": ["x", "y"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"question": ""}, "the question is empty"),
        ({"question": None}, "question = None; expected a string"),
        ({"question": {"choices": ["x", "y"]}}, "question = None; expected a string"),
        ({"context": 5}, "context = 5; expected a string"),
        ({"choices": ["x"]}, "1 choices"),
        ({"answer": 2}, "answer = 2 is none of the 2 choices"),
    ],
)
def test_a_bad_row_is_refused_with_what_is_wrong(changes, message):
    with pytest.raises(ValueError, match=message) as caught:
        prepare({**CLEAN, **changes})
    assert not isinstance(caught.value, SkipRow)


def test_a_question_and_choices_can_be_given_as_one_text():
    row = rows.parse("What do they make? ||| butter ||| honey")
    assert prepare(row) == {"question": "What do they make?", "choices": ["butter", "honey"]}


@pytest.mark.parametrize(
    ("text", "found"), [("a question", "0 choices"), ("a question ||| one", "1 choice;")]
)
def test_any_other_text_is_refused(text, found):
    with pytest.raises(ValueError, match=rf"has {found}.* two or more choices with ' \|\|\| ' between them"):
        rows.parse(text)


def test_a_prediction_shows_the_choices_by_probability():
    row = {"question": "?", "choices": ["x", "y", "z"]}
    shown = rows.present(row, {"answer": 1, "probabilities": [0.3, 0.6, 0.1]})
    assert json.loads(json.dumps(shown)) == {
        "answer": "y",
        "letter": "B",
        "probability": 0.6,
        "choices": [
            {"letter": "B", "text": "y", "probability": 0.6},
            {"letter": "A", "text": "x", "probability": 0.3},
            {"letter": "C", "text": "z", "probability": 0.1},
        ],
    }
