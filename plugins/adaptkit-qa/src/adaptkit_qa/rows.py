"""Checks the rows of question answering, converts them to a standard form, and shows answers.

The standard form is ``{"question", "context", "answers"}``, and ``"id"`` if there is one. ``answers`` is a
list of ``{"text", "start"}`` in characters of the context, empty for a question without an answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from adaptkit import contradiction, marks_of, plain_number, read_written

if TYPE_CHECKING:
    from adaptkit import Row

SEPARATORS = (" ||| ", "\t")
ANSWER_TEXTS = ("answer_text", "answer", "text")
"""The names of the column with an answer's text, beside a column answer_start."""

TRUTH = {"true": True, "false": False, "": None}
"""What a text in the column is_impossible means."""

SHOWN = 5
"""The number of most probable answers that are shown."""


def prepare(row: Row) -> Row:
    """A row in the standard form, without answers if it is to be predicted.

    ``answers`` may be ``{"text": [...], "answer_start": [...]}``, or a list of ``{"text", "answer_start"}``
    or ``{"text", "start"}``; or the answers are ``entities``, spans marked in the context. Raises ValueError
    that names the question if a text is missing, or if an answer is not at its offset.
    """
    try:
        return _prepared(row)
    except ValueError as error:
        raise ValueError(f"question {_name(row)}: {error}") from None


def parse(text: str) -> Row:
    """A question and its context, separated by `` ||| `` or a tab. Raises ValueError if there is neither."""
    for separator in SEPARATORS:
        question, found, context = text.partition(separator)
        if found:
            return {"question": question.strip(), "context": context.strip()}
    raise ValueError(f"{text!r:.80}; expected QUESTION ||| CONTEXT, or a tab between the two")


def present(row: Row, prediction: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with its characters and probability, or None with the probability that there is none."""
    answer = prediction["answer"]
    shown: dict[str, Any] = {"id": row["id"]} if "id" in row else {}
    shown |= {"question": row["question"], "answer": answer and answer["text"]}
    if answer:
        shown |= {"start": answer["start"], "end": answer["end"], "score": answer["probability"]}
    else:
        shown["score"] = prediction["null_probability"]
    shown["n_best"] = [
        {"text": one["text"], "start": one["start"], "end": one["end"], "score": one["probability"]}
        for one in prediction["n_best"][:SHOWN]
    ]
    return shown


def answerability(row: Row) -> str:
    """Whether a labelled row has an answer, as a word."""
    return "answerable" if row["answers"] else "unanswerable"


def _prepared(row: Row) -> Row:
    question = _text(row.get("question"), "question")
    context = _text(row.get("context", row.get("text")), "context")
    prepared: dict[str, Any] = {"id": str(row["id"])} if row.get("id") is not None else {}
    prepared |= {"question": question, "context": context}
    answers = _answers(row, context)
    if answers is not None:
        prepared["answers"] = [_placed(text, start, context) for text, start in answers]
    return prepared


def _name(row: Row) -> str:
    return f"{row.get('question') if row.get('id') is None else row['id']!r:.80}"


def _text(value: object, name: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{name} = {value!r:.80}; expected a text")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"{name} contains an unpaired surrogate; expected only characters") from None
    return value


def _answers(row: Row, context: str) -> list[tuple[object, object]] | None:
    """The text and the start of each answer, as given in the row; None if the row says nothing about
    answers."""
    impossible, answers = _truth(row.get("is_impossible")), read_written(row.get("answers"), "answers")
    if answers is None and "answer_start" in row:
        answers = _in_columns(row)
    if answers is None and row.get("entities") is None:
        return [] if impossible else None
    pairs = _marked(row["entities"], context) if answers is None else _pairs(answers)
    if impossible and pairs:
        raise ValueError(f"is_impossible is true, but there is the answer {pairs[0][0]!r:.80}; expected none")
    if impossible is False and not pairs:
        raise ValueError("is_impossible is false, but there is no answer; expected at least one")
    return pairs


def _truth(impossible: object) -> object:
    """Whether a question has no answer; None if the row does not say."""
    if isinstance(impossible, str):
        impossible = TRUTH.get(impossible.strip().lower(), impossible)
    if impossible not in (None, True, False):
        raise ValueError(f"is_impossible = {impossible!r:.80}; expected true or false")
    return impossible


def _in_columns(row: Row) -> object:
    """The answers of a row that has their texts and starts in two columns; none if these are empty."""
    texts = next((row[name] for name in ANSWER_TEXTS if row.get(name) is not None), "")
    starts = read_written(row["answer_start"], "answer_start")
    if texts == "" and starts in ("", None):
        return []
    return {"text": read_written(texts, "answer_text"), "answer_start": starts}


def _marked(entities: object, context: str) -> list[tuple[object, object]]:
    """The answers that are marked in the context."""
    pairs: list[tuple[object, object]] = []
    for mark in marks_of(entities):
        if problem := contradiction(mark, context):
            raise ValueError(f"answer {problem}")
        pairs.append((context[mark.start : mark.end], mark.start))
    return pairs


def _pairs(answers: object) -> list[tuple[object, object]]:
    if isinstance(answers, Mapping):
        texts, starts = answers.get("text"), answers.get("answer_start")
        if isinstance(texts, str):
            texts, starts = [texts], [starts]
        if not isinstance(texts, (list, tuple)) or not isinstance(starts, (list, tuple)):
            raise ValueError(f"answers = {dict(answers)!r:.80}; expected lists of text and answer_start")
        if len(texts) != len(starts):
            raise ValueError(f"{len(texts)} answer texts, but {len(starts)} starts; expected one for each")
        return list(zip(texts, starts, strict=True))
    if not isinstance(answers, (list, tuple)):
        raise ValueError(f"answers = {answers!r:.80}; expected a list of {{text, start}}")
    for one in answers:
        if not isinstance(one, Mapping):
            raise ValueError(f"answer {one!r:.80}; expected {{text, start}}")
    return [(one.get("text"), one.get("answer_start", one.get("start"))) for one in answers]


def _placed(text: object, start: object, context: str) -> dict[str, Any]:
    """One answer without white space around it, which must be in the context."""
    if not isinstance(text, str) or not text.strip():
        raise ValueError(f"answer text {text!r:.80}; expected a text from the context")
    start = plain_number(start)
    if isinstance(start, str) and start.strip().isdecimal():
        start = int(start)
    if type(start) is not int:
        raise ValueError(f"start of the answer {text!r:.80} = {start!r:.40}; expected an integer")
    if start < 0 or not context.startswith(text, start):
        found = context.find(text)
        where = f"its first occurrence is at {found}" if found >= 0 else "it does not occur in the context"
        raise ValueError(f"answer {text!r:.80} is not at character {start} of its context; {where}")
    return {"text": text.strip(), "start": start + len(text) - len(text.lstrip())}
