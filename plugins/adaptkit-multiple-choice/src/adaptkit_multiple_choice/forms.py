"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="a question, its choices, and the answer as a letter, a position or a text",
        example='{"question": "What is dough like?", "choices": ["soft", "burnt"], "answer": "A"}\n',
    ),
    Form(
        name="the same with a context",
        example='{"context": "Mira sang.", "question": "Who sang?", '
        '"choices": ["Mira", "Tom"], "answer": "Mira"}\n',
    ),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"question": "Who sang?", "choices": ["Mira", "Tom"]}, "annotations": [{"result": '
        '[{"type": "choices", "from_name": "answer", "to_name": "question", '
        '"value": {"choices": ["Mira"]}}]}]}]\n',
        suffix=".json",
    ),
    Form(
        name="a table with a column for each choice, as SWAG and HellaSwag",
        example="question,choice0,choice1,label\nWho sang?,Mira,Tom,0\n",
        suffix=".csv",
    ),
)
