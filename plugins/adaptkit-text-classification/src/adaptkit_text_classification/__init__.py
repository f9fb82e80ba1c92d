"""Text classification as an adaptkit task: one label for each text.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adaptkit import Task, class_baselines, classification_metric, most_probable_class


def text_classification(*, label_names: tuple[str, ...] | None = None) -> Task:
    """One label for each text.

    ``label_names`` are the names of labels that are numbers, in the order of the numbers: negative,positive
    for 0 and 1. By default such labels are called by their numbers.
    """
    from transformers import DataCollatorWithPadding

    from adaptkit_text_classification.forms import FORMS
    from adaptkit_text_classification.texts import encode, prepare, present

    return Task(
        name="text-classification",
        columns={"text": "the text", "label": "the name of its class"},
        head="sequence-classification",
        collator=DataCollatorWithPadding,
        prepare=partial(prepare, names=label_names),
        encode=encode,
        decode=most_probable_class,
        metric=classification_metric,
        baseline=class_baselines("text"),
        to_json=present,
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
    )
