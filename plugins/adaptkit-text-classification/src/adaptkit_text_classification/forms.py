"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="a table", example="text,label\nThe soup was cold.,complaint\nThank you!,praise\n", suffix=".csv"
    ),
    Form(name="a text and its label", example='{"text": "The soup was cold.", "label": "complaint"}\n'),
    Form(
        name="pairs of a text and its label",
        example='[["The soup was cold.", "complaint"], ["Thank you!", "praise"]]\n',
        suffix=".json",
    ),
    Form(name="doccano", example='{"id": 1, "text": "Thank you!", "label": ["praise"], "Comments": []}\n'),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"text": "Thank you!"}, "annotations": [{"result": [{"type": "choices", '
        '"from_name": "kind", "to_name": "text", "value": {"choices": ["praise"]}}]}]}]\n',
        suffix=".json",
    ),
    Form(
        name="Prodigy (rejected examples are left out)",
        example='{"text": "Thank you!", "accept": ["praise"], "answer": "accept", '
        '"options": [{"id": "praise"}]}\n',
    ),
    Form(
        name="Rasa NLU (the intents)",
        example="nlu:\n- intent: praise\n  examples: |\n    - thank you\n    - well done\n",
        suffix=".yml",
    ),
)
