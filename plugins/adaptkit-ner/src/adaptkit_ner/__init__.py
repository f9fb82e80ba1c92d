"""Named entity recognition as an adaptkit task: a tag for each word, scored by entities or by words.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Literal

from adaptkit import Task, word_lines

SUFFIXES = (".conll", ".tsv", ".txt", ".bio", ".iob", ".iob2", "")


def ner(
    *,
    token_column: int | None = None,
    tag_column: int | None = None,
    spans: bool = True,
    decoding: Literal["viterbi", "argmax"] = "viterbi",
    tag_names: tuple[str, ...] | None = None,
    overlaps: Literal["refuse", "outermost", "first"] = "refuse",
) -> Task:
    """Named entity recognition, scored by the strict F1 of the entities of the decoded, valid tag sequence.

    Args:
        token_column: the column of the words in a column file, counted from 0, or from -1 at the end of the
            line; by default the first column, and in CoNLL-U the form.
        tag_column: the column of the tags; by default the last one, and in CoNLL-U the universal part of
            speech.
        spans: whether tags form entities; if not, each word has an independent tag, such as its part of
            speech.
        decoding: how the tags of entities are chosen: as the most probable valid sequence ("viterbi"), or
            each on its own and then repaired ("argmax"). Without entities, each is chosen on its own.
        tag_names: the names of tags that are numbers, in the order of the numbers: O,B-PER,I-PER,...
        overlaps: which of the entities of a text that overlap is kept: the "outermost" or the "first" that
            was marked; by default a row with such entities is refused.
    """
    from transformers import DataCollatorForTokenClassification

    from adaptkit_ner import conllu
    from adaptkit_ner.audit import audit
    from adaptkit_ner.baselines import training_entities
    from adaptkit_ner.decoding import DECODERS, merge
    from adaptkit_ner.encoding import encode
    from adaptkit_ner.forms import FORMS
    from adaptkit_ner.metric import METRIC
    from adaptkit_ner.plain_tags import without_spans
    from adaptkit_ner.rows import parse, prepare, present
    from adaptkit_ner.survey import survey
    from adaptkit_ner.tags import bio_names, entity_types

    options = {"token_column": token_column, "tag_column": tag_column}
    columns = {name: column for name, column in options.items() if column is not None}
    lines = word_lines(0 if token_column is None else token_column, -1 if tag_column is None else tag_column)
    task = Task(
        name="ner",
        target_columns=("tags", "entities", "ner_tags"),
        columns={"tokens": "the words, a list of strings", "tags": "a tag for each word, such as B-PER or O"},
        head="token-classification",
        collator=DataCollatorForTokenClassification,
        prepare=partial(prepare, tag_names=tag_names, overlaps=overlaps),
        survey=partial(survey, tag_names=tag_names, overlaps=overlaps),
        labels_of=lambda row: entity_types(row["tags"]),
        label_names=bio_names,
        encode=encode,
        decode=DECODERS[decoding],
        merge_windows=merge,
        metric=METRIC,
        baseline=training_entities,
        parse_text=parse,
        to_json=present,
        readers={**dict.fromkeys(SUFFIXES, lines), ".conllu": conllu.reader(**columns)},
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        word_level=True,
        audit=audit,
        options={**options, "spans": spans, "decoding": decoding},
    )
    return task if spans else without_spans(task, tag_names)
