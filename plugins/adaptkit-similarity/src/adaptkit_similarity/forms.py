"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="a table",
        example="sentence1,sentence2,score\nA dog runs.,A dog is running.,4.8\n",
        suffix=".csv",
    ),
    Form(
        name="two sentences and their score",
        example='{"sentence1": "A dog runs.", "sentence2": "A cat sleeps.", "score": 1.2}\n',
    ),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"sentence1": "A dog runs.", "sentence2": "A cat sleeps."}, "annotations": '
        '[{"result": [{"type": "number", "from_name": "score", "to_name": "text", '
        '"value": {"number": 1.2}}]}]}]\n',
        suffix=".json",
    ),
)
