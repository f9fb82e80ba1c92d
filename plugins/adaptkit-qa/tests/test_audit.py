from __future__ import annotations

from collections.abc import Sequence

import pytest
from adaptkit_qa.audit import audit as audit_rows
from adaptkit_qa.rows import prepare

from adaptkit import DataWarning, Row


def audit(rows: Sequence[Row]) -> list[DataWarning]:
    return audit_rows(rows, max_question_length=8)


def asked(context: str, answer: str, start: int) -> Row:
    answers = {"text": [answer], "answer_start": [start]}
    return prepare({"question": "What is it?", "context": context, "answers": answers})


RIGHT = asked("The art is in Berlin.", "art", 4)


@pytest.mark.parametrize(
    ("context", "answer", "start"),
    [("The party has art.", "art", 5), ("It is 2024, not 20.", "20", 6), ("Berlin is in it.", "in", 4)],
)
def test_an_answer_found_inside_another_word(context: str, answer: str, start: int) -> None:
    (warning,) = audit([RIGHT, asked(context, answer, start)])
    assert warning.problem == "1 of 2 answers begins or ends inside a word of the context"
    assert (warning.row, warning.quoted) == (1, answer)


def test_complete_words_are_no_reason_to_warn() -> None:
    unanswerable = prepare({"question": "Who?", "context": "Nobody.", "answers": []})
    assert audit([RIGHT, unanswerable, asked("«Porto», 5km", "Porto", 1), asked("5km", "5", 0)]) == []


def test_a_question_that_is_truncated() -> None:
    long = {**RIGHT, "question": "What is it that " + "very " * 6}
    (warning,) = audit([RIGHT, {**RIGHT, "question": "a b c d e f g h"}, long])
    assert warning.problem == (
        "1 question has more than 8 words and so more tokens than are read, the longest 10 words; "
        "the end is truncated"
    )
    assert warning.row == 2
    assert "--option max_question_length" in warning.next_step
