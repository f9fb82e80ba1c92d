"""Natural language inference as an adaptkit task: one label for a premise and a hypothesis.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from operator import itemgetter
from pathlib import Path

from adaptkit import Task, class_baselines, classification_metric, most_probable_class


def nli(*, label_names: tuple[str, ...] | None = None) -> Task:
    """Whether a premise entails a hypothesis, contradicts it, or neither.

    ``label_names`` are the names of labels that are numbers, in the order of the numbers. By default such
    labels are called by their numbers.
    """
    from transformers import DataCollatorWithPadding

    from adaptkit_nli.forms import FORMS
    from adaptkit_nli.pairs import encode, parse, prepare, present
    from adaptkit_nli.parallel import SUFFIXES, parallel_rows

    return Task(
        name="nli",
        columns={
            "premise": "the given text",
            "hypothesis": "the text that may follow from it",
            "label": "the relation between them, such as entailment",
        },
        target_columns=("label", "gold_label"),
        head="sequence-classification",
        text_pair=("premise", "hypothesis"),
        collator=DataCollatorWithPadding,
        prepare=partial(prepare, names=label_names),
        encode=encode,
        decode=most_probable_class,
        metric=classification_metric,
        baseline=class_baselines("premise", "hypothesis"),
        parse_text=parse,
        to_json=present,
        group_by=itemgetter("premise"),
        readers=dict.fromkeys(SUFFIXES, parallel_rows),
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
    )
