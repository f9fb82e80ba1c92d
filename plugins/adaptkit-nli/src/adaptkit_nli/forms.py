"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="a table",
        example="premise,hypothesis,label\nA dog runs.,An animal moves.,entailment\n",
        suffix=".csv",
    ),
    Form(
        name="a premise, a hypothesis and their label",
        example='{"premise": "A dog runs.", "hypothesis": "It sleeps.", "label": "contradiction"}\n',
    ),
    Form(
        name="as SNLI and MultiNLI (rows with the label - are left out)",
        example='{"sentence1": "A dog runs.", "sentence2": "It sleeps.", "gold_label": "contradiction"}\n',
    ),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"premise": "A dog runs.", "hypothesis": "It sleeps."}, "annotations": '
        '[{"result": [{"type": "choices", "from_name": "relation", "to_name": "text", '
        '"value": {"choices": ["contradiction"]}}]}]}]\n',
        suffix=".json",
    ),
)
