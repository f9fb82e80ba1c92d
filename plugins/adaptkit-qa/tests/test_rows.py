from __future__ import annotations

import json

import pytest
from adaptkit_qa.rows import answerability, parse, prepare, present

CONTEXT = "Café 👍🏽 of Orla Finch, Orla Finch's café."
START = CONTEXT.index("Orla")


def row(**more):
    return {"id": "q7", "question": "Whose?", "context": CONTEXT, **more}


def answer(text, start):
    return {"text": text, "answer_start": start}


@pytest.mark.parametrize(
    "answers",
    [
        {"text": ["Orla Finch", "café"], "answer_start": [START, 36]},
        [answer("Orla Finch", START), answer("café", 36)],
        [{"text": "Orla Finch", "start": START}, {"text": "café", "start": 36}],
    ],
)
def test_every_form_of_answers_becomes_the_same(answers):
    assert CONTEXT[36:40] == "café"
    prepared = prepare(row(answers=answers, title="left out"))
    assert prepared == {
        "id": "q7",
        "question": "Whose?",
        "context": CONTEXT,
        "answers": [{"text": "Orla Finch", "start": START}, {"text": "café", "start": 36}],
    }
    assert prepare(prepared) == prepared
    assert json.loads(json.dumps(prepared)) == prepared
    assert answerability(prepared) == "answerable"


@pytest.mark.parametrize(
    "more",
    [
        {"answers": []},
        {"answers": {"text": [], "answer_start": []}},
        {"is_impossible": True},
        {"answers": [], "is_impossible": True},
    ],
)
def test_questions_without_an_answer(more):
    prepared = prepare(row(**more))
    assert prepared["answers"] == []
    assert answerability(prepared) == "unanswerable"


def test_a_row_to_be_predicted_has_no_answers():
    assert "answers" not in prepare(row())
    assert "answers" not in prepare(row(answers=None, is_impossible=False))


def test_white_space_around_an_answer_is_removed():
    (prepared,) = prepare(row(answers=[answer(" Orla ", START - 1)]))["answers"]
    assert prepared == {"text": "Orla", "start": START}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"answers": [answer("Orla", START + 1)]}, f"'Orla' is not at character {START + 1}"),
        ({"answers": [answer("Orla", START + 1)]}, f"first occurrence is at {START}"),
        ({"answers": [answer("Orlando", START)]}, "does not occur in the context"),
        ({"answers": [answer("café.", -5)]}, "is not at character -5"),
        ({"answers": [answer("x", 10**9)]}, "is not at character 1000000000"),
        ({"answers": [answer("", 0)]}, "answer text ''; expected a text"),
        ({"answers": [answer(" ", 4)]}, "answer text ' '"),
        ({"answers": [answer(5, 0)]}, "answer text 5"),
        ({"answers": [answer("Café", True)]}, "= True; expected an integer"),
        ({"answers": [answer("Café", "zero")]}, "= 'zero'; expected an integer"),
        ({"answers": [answer("Café", None)]}, "= None; expected an integer"),
        ({"answers": ["Café"]}, "answer 'Café'; expected {text, start}"),
        ({"answers": "Café"}, "answers = 'Café'; expected a list"),
        ({"answers": {"text": ["Café"]}}, "expected lists of text and answer_start"),
        ({"answers": {"text": ["Café"], "answer_start": []}}, "1 answer texts, but 0 starts"),
        ({"answers": [answer("Café", 0)], "is_impossible": True}, "is_impossible is true, but"),
        ({"answers": [], "is_impossible": False}, "is_impossible is false, but there is no answer"),
        ({"answers": [], "is_impossible": "no"}, "is_impossible = 'no'"),
        ({"question": None}, "question = None; expected a text"),
        ({"question": " \n"}, r"question = ' \\n'"),
        ({"context": ["x"]}, r"context = \['x'\]"),
        ({"context": "\ud800 x"}, "context contains an unpaired surrogate"),
    ],
)
def test_a_bad_row_is_refused_with_the_questions_id(more, message):
    with pytest.raises(ValueError, match=message) as caught:
        prepare(row(**more))
    assert str(caught.value).startswith("question 'q7': ")


def test_the_error_names_the_question_if_there_is_no_id():
    with pytest.raises(ValueError, match=r"^question 'Whose\?': context = None"):
        prepare({"question": "Whose?"})


def test_a_text_on_the_command_line():
    expected = {"question": "Who?", "context": "a ||| b"}
    assert parse("Who? ||| a ||| b") == parse("Who?\ta ||| b".replace(" ||| ", "|||")) | expected
    assert parse("Who?\tOrla\tFinch") == {"question": "Who?", "context": "Orla\tFinch"}
    with pytest.raises(ValueError, match=r"'Who\?'; expected QUESTION \|\|\| CONTEXT"):
        parse("Who?")


def prediction(chosen):
    best = [
        {"text": str(number), "start": number, "end": number + 1, "score": 9.0 - number, "probability": 0.1}
        for number in range(7)
    ]
    return {"n_best": best, "null_probability": 0.3, "answer": best[0] if chosen else None}


def test_an_answer_is_shown_with_the_five_best_spans():
    shown = present({"id": "a", "question": "q", "context": "0123456"}, prediction(True))
    assert json.loads(json.dumps(shown)) == shown
    assert {name: shown[name] for name in ("id", "question", "answer", "start", "end", "score")} == {
        "id": "a",
        "question": "q",
        "answer": "0",
        "start": 0,
        "end": 1,
        "score": 0.1,
    }
    assert [one["text"] for one in shown["n_best"]] == list("01234")
    assert set(shown["n_best"][0]) == {"text", "start", "end", "score"}


def test_no_answer_is_shown_with_its_probability():
    shown = present({"question": "q", "context": "0123456"}, prediction(False))
    assert (shown["answer"], shown["score"], len(shown["n_best"])) == (None, 0.3, 5)
    assert "start" not in shown
