"""Converts questions with choices to a standard form, from any of the known column names; shows
predictions."""

from __future__ import annotations

from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

from adaptkit import SkipRow, first_column, is_missing, plain_number, required_text
from adaptkit_multiple_choice.answers import answer_of
from adaptkit_multiple_choice.choices import offered_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from adaptkit import Row

CONTEXT = ("context", "article", "passage", "premise", "sent1")
QUESTION = ("question", "question_stem", "sent2", "sentence", "goal", "prompt", "ctx", "text")
ANSWER = ("answer", "answerKey", "answer_key", "label")
"""The names of a column in published data sets; the task's own name comes first."""

BETWEEN = " ||| "


def prepare(row: Row, *, first: int | None) -> Row:
    """The row's context if it has one, its question, its choices, and the answer's position from 0.

    A row to be predicted has no answer. Raises ValueError that says what is wrong with the row, and SkipRow
    if its answer is missing.
    """
    texts = _texts(row)
    offered = offered_in(row)
    clean = {**texts, "choices": list(offered.choices)}
    name = first_column(row, ANSWER)
    if name not in row:
        return clean
    value = plain_number(row[name])
    if is_missing(value):
        raise SkipRow(f"no answer: {name} = {value!r}")
    return {**clean, "answer": answer_of(name, value, offered, first=first)}


def parse(text: str) -> Row:
    """The row of a text with a question and its choices; raises ValueError for fewer than two choices."""
    question, *choices = text.split(BETWEEN)
    if len(choices) < 2:
        raise ValueError(
            f"{text!r:.80} has {len(choices)} choice{'' if len(choices) == 1 else 's'}; "
            f"expected a question and two or more choices with {BETWEEN!r} between them"
        )
    return {"question": question, "choices": choices}


def present(row: Row, prediction: Mapping[str, Any]) -> Mapping[str, Any]:
    """The answer's text, letter and probability, and every choice with its own, most probable first."""
    shown = [
        {"letter": ascii_uppercase[position], "text": text, "probability": probability}
        for position, (text, probability) in enumerate(
            zip(row["choices"], prediction["probabilities"], strict=True)
        )
    ]
    best = shown[prediction["answer"]]
    ordered = sorted(shown, key=lambda one: -one["probability"])
    return {
        "answer": best["text"],
        "letter": best["letter"],
        "probability": best["probability"],
        "choices": ordered,
    }


def _texts(row: Row) -> dict[str, str]:
    """The question, and its context if there is one."""
    column = first_column(row, QUESTION)
    question = row.get(column)
    if isinstance(question, dict):  # CommonsenseQA: the question is a stem together with the choices
        question = question.get("stem")
    texts = {"question": required_text({column: question}, column)}
    context = row.get(first_column(row, CONTEXT))
    if context is None or (isinstance(context, str) and not context.strip()):
        return texts
    return {"context": required_text(row, *CONTEXT), **texts}
