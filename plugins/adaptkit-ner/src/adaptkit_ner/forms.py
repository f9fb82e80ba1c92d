"""The forms of data that this task accepts, each with an example."""

from __future__ import annotations

from adaptkit import Form

FORMS = (
    Form(
        name="one word and its tag per line (BIO, BIOES, IO, ...), a blank line between sentences",
        example="Mira\tB-PER\nOkoye\tI-PER\nsang\tO\n\nin\tO\nPorto\tB-LOC\n",
        suffix=".conll",
    ),
    Form(
        name="words and their tags",
        example='{"tokens": ["Mira", "sang", "in", "Porto"], "tags": ["B-PER", "O", "O", "B-LOC"]}\n',
    ),
    Form(
        name="a text and its entities (offsets in characters; the end is the character after the entity)",
        example='{"text": "Mira sang.", "entities": [{"start": 0, "end": 4, "label": "PER"}]}\n',
    ),
    Form(
        name="a text and [start, end, label], as doccano exports",
        example='{"text": "Mira sang.", "label": [[0, 4, "PER"]]}\n',
    ),
    Form(
        name="Label Studio, JSON",
        example='[{"data": {"text": "Mira sang."}, "annotations": [{"result": [{"type": "labels", '
        '"from_name": "ner", "to_name": "text", "value": {"start": 0, "end": 4, '
        '"text": "Mira", "labels": ["PER"]}}]}]}]\n',
        suffix=".json",
    ),
    Form(
        name="Prodigy (rejected examples are left out)",
        example='{"text": "Mira sang.", "answer": "accept", '
        '"spans": [{"start": 0, "end": 4, "label": "PER"}]}\n',
    ),
    Form(
        name="spaCy's pairs of a text and its entities",
        example='[["Mira sang.", {"entities": [[0, 4, "PER"]]}]]\n',
        suffix=".json",
    ),
    Form(
        name="Rasa NLU",
        example="nlu:\n- intent: inform\n  examples: |\n    - we go to [Porto](city)\n",
        suffix=".yml",
    ),
    Form(
        name="a table with one word per row",
        example="Sentence #,Word,Tag\nSentence: 1,Mira,B-PER\n,sang,O\nSentence: 2,Porto,B-LOC\n",
        suffix=".csv",
    ),
)
"""The forms of tags that spell entities."""

PLAIN_FORMS = (
    Form(
        name="one word and its tag per line, a blank line between sentences",
        example="Mira\tPROPN\nsang\tVERB\n\nwell\tADV\n",
        suffix=".conll",
    ),
    Form(
        name="words and their tags",
        example='{"tokens": ["Mira", "sang", "well"], "tags": ["PROPN", "VERB", "ADV"]}\n',
    ),
    Form(
        name="CoNLL-U",
        example="1\tMira\tMira\tPROPN\t_\t_\t2\tnsubj\t_\t_\n2\tsang\tsing\tVERB\t_\t_\t0\troot\t_\t_\n",
        suffix=".conllu",
    ),
    Form(
        name="a table with one word per row",
        example="Sentence #,Word,POS\nSentence: 1,Mira,PROPN\n,sang,VERB\nSentence: 2,well,ADV\n",
        suffix=".csv",
    ),
)
"""The forms of tags of any name, with the option spans=false."""
