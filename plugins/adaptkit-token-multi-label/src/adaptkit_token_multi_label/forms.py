"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="one token and its labels per line, with | between them and O for none, a blank line between "
        "sentences",
        example="the\tORG\nPorto\tORG|LOC\nLibrary\tORG\nopened\tO\n\nMira\tPER\nsang\tO\n",
        suffix=".conll",
    ),
    Form(
        name="tokens, and the list of the labels of each",
        example='{"tokens": ["Porto", "Library", "opened"], "labels": [["ORG", "LOC"], ["ORG"], []]}\n',
    ),
    Form(
        name="tokens, and for each a text with | between its labels",
        example='{"tokens": ["Porto", "Library", "opened"], "labels": ["ORG|LOC", "ORG", "O"]}\n',
    ),
    Form(
        name="a text and its entities, which may overlap (offsets in characters; the end is the character "
        "after the entity)",
        example='{"text": "Porto Library opened.", "entities": [{"start": 0, "end": 13, "label": "ORG"}, '
        '{"start": 0, "end": 5, "label": "LOC"}]}\n',
    ),
    Form(
        name="a text and [start, end, label], as doccano exports",
        example='{"text": "Porto Library opened.", "label": [[0, 13, "ORG"], [0, 5, "LOC"]]}\n',
    ),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"text": "Porto Library"}, "annotations": [{"result": [{"type": "labels", '
        '"from_name": "ner", "to_name": "text", "value": {"start": 0, "end": 13, '
        '"text": "Porto Library", "labels": ["ORG"]}}, {"type": "labels", "from_name": "ner", '
        '"to_name": "text", "value": {"start": 0, "end": 5, "text": "Porto", "labels": ["LOC"]}}]}]}]\n',
        suffix=".json",
    ),
    Form(
        name="Prodigy (rejected examples are left out)",
        example='{"text": "Porto Library", "answer": "accept", "spans": [{"start": 0, "end": 13, '
        '"label": "ORG"}, {"start": 0, "end": 5, "label": "LOC"}]}\n',
    ),
    Form(
        name="a table with one token per row",
        example="Sentence #,Word,Labels\nSentence: 1,Porto,ORG|LOC\n,Library,ORG\nSentence: 2,Mira,PER\n",
        suffix=".csv",
    ),
)
