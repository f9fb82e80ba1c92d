"""Named entity recognition as an adaptkit task: a tag for each word, scored by entities.

Imports neither torch nor transformers until the task is used.
"""

from __future__ import annotations

from pathlib import Path

from adaptkit import Task

SUFFIXES = (".conll", ".tsv", ".txt", ".bio", ".iob", ".iob2", "")


def ner(*, token_column: int = 0, tag_column: int = -1) -> Task:
    """Named entity recognition.

    In a file of columns, the words stand in ``token_column`` and their tags in ``tag_column``;
    both count from 0, or from -1 at the line's end.
    """
    from transformers import DataCollatorForTokenClassification

    from adaptkit_ner.conll import reader
    from adaptkit_ner.encoding import decode, encode, merge
    from adaptkit_ner.metric import METRIC
    from adaptkit_ner.rows import parse, prepare, present
    from adaptkit_ner.tags import bio_names, entity_types

    read = reader(token_column, tag_column)
    return Task(
        name="ner",
        answers=("tags",),
        columns={"tokens": "the words, a list of strings", "tags": "a tag for each word, such as B-PER or O"},
        head="token-classification",
        collator=DataCollatorForTokenClassification,
        prepare=prepare,
        labels_of=lambda row: entity_types(row["tags"]),
        label_names=bio_names,
        encode=encode,
        decode=decode,
        merge=merge,
        metric=METRIC,
        parse=parse,
        present=present,
        readers=dict.fromkeys(SUFFIXES, read),
        sample=Path(__file__).parent / "sample",
        word_level=True,
        contract=1,
    )
