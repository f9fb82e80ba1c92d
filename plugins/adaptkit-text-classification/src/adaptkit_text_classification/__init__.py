"""Text classification as an adaptkit task: one label for each text.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from pathlib import Path

from adaptkit import Task, class_baselines, classification_metric, most_probable_class


def text_classification() -> Task:
    """One label for each text."""
    from transformers import DataCollatorWithPadding

    from adaptkit_text_classification.forms import FORMS
    from adaptkit_text_classification.texts import encode, prepare, present

    return Task(
        name="text-classification",
        columns={"text": "the text", "label": "the name of its class"},
        head="sequence-classification",
        collator=DataCollatorWithPadding,
        prepare=prepare,
        encode=encode,
        decode=most_probable_class,
        metric=classification_metric,
        baseline=class_baselines("text"),
        present=present,
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        contract=1,
    )
