"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="SQuAD 1.1 or 2.0",
        example='{"data": [{"paragraphs": [{"context": "Mira sang.", "qas": [{"id": "1", '
        '"question": "Who sang?", "answers": [{"text": "Mira", "answer_start": 0}]}]}]}]}\n',
        suffix=".json",
    ),
    Form(
        name="a question, its context and its answers (an empty list means no answer)",
        example='{"question": "Who sang?", "context": "Mira sang.", '
        '"answers": {"text": ["Mira"], "answer_start": [0]}}\n',
    ),
    Form(
        name="the same with a list of answers",
        example='{"question": "Who sang?", "context": "Mira sang.", '
        '"answers": [{"text": "Mira", "start": 0}]}\n',
    ),
    Form(
        name="Label Studio, JSON (the answer is marked in the context)",
        example='[{"data": {"question": "Who sang?", "context": "Mira sang."}, "annotations": [{"result": '
        '[{"type": "labels", "from_name": "answer", "to_name": "context", '
        '"value": {"start": 0, "end": 4, "text": "Mira", "labels": ["answer"]}}]}]}]\n',
        suffix=".json",
    ),
)
