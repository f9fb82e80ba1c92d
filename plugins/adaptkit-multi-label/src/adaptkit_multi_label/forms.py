"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="a table, with | between the labels",
        example="text,labels\nThe soup was cold.,food|service\nA fine view.,\n",
        suffix=".csv",
    ),
    Form(name="a text and the list of its labels", example='{"text": "Cold soup.", "labels": ["food"]}\n'),
    Form(
        name="a 1 or a 0 for each label",
        example='{"text": "Cold soup.", "labels": [1, 0, 0]}\n{"text": "A view.", "labels": [0, 1, 1]}\n',
    ),
    Form(name="doccano", example='{"id": 1, "text": "Cold soup.", "label": ["food"], "Comments": []}\n'),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"text": "Cold soup."}, "annotations": [{"result": [{"type": "choices", '
        '"from_name": "kind", "to_name": "text", "value": {"choices": ["food", "service"]}}]}]}]\n',
        suffix=".json",
    ),
    Form(
        name="Prodigy (rejected examples are left out)",
        example='{"text": "Cold soup.", "accept": ["food"], "answer": "accept", '
        '"options": [{"id": "food"}]}\n',
    ),
)
