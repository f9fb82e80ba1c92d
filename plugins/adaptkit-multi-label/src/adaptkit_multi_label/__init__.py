"""Multi-label classification as an adaptkit task: any number of labels for each text.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adaptkit import Task, label_set_baselines


def multi_label(*, separator: str = "|") -> Task:
    """Zero or more labels for each text.

    In a file without lists, such as CSV, one field contains the labels of a row with ``separator`` between
    them. Raises ValueError for an empty separator.
    """
    from transformers import DataCollatorWithPadding

    from adaptkit_multi_label.forms import FORMS
    from adaptkit_multi_label.loss import binary_cross_entropy
    from adaptkit_multi_label.metric import METRIC
    from adaptkit_multi_label.rows import encode, prepare
    from adaptkit_multi_label.sets import decode, present
    from adaptkit_multi_label.threshold import calibrate, calibrated
    from adaptkit_multi_label.tsv import read

    if not separator:
        raise ValueError("separator = ''; expected the text between two labels, such as |")
    return Task(
        name="multi-label",
        columns={
            "text": "the text",
            "labels": f"the names of its labels: a list, or a text with {separator} between them",
        },
        answers=("labels",),
        head="sequence-classification",
        config_overrides={"problem_type": "multi_label_classification"},
        collator=DataCollatorWithPadding,
        prepare=partial(prepare, separator=separator),
        labels_of=lambda row: row["labels"],
        encode=encode,
        loss=binary_cross_entropy,
        decode=decode,
        calibrate=calibrate,
        calibrated=calibrated,
        metric=METRIC,
        baseline=label_set_baselines("text"),
        present=present,
        readers={".tsv": read},
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        options={"separator": separator},
        contract=1,
    )
