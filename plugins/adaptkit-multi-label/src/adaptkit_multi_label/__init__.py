"""Multi-label classification as an adaptkit task: any number of labels for each text.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from adaptkit import Task, label_set_baselines


def multi_label(
    *,
    separator: str = "|",
    label_names: tuple[str, ...] | None = None,
    label_columns: tuple[str, ...] = (),
) -> Task:
    """Zero or more labels for each text.

    Args:
        separator: what is between two labels where one field has all labels of a row, as in CSV.
        label_names: the names of labels that are numbers, in the order of the numbers; and the labels of
            the positions in vectors of 0 and 1.
        label_columns: the columns with 0 and 1, one for each label, where labels are in columns of their own.

    Raises:
        ValueError: the separator is empty.
    """
    from transformers import DataCollatorWithPadding

    from adaptkit_multi_label.audit import audit
    from adaptkit_multi_label.forms import FORMS
    from adaptkit_multi_label.loss import binary_cross_entropy
    from adaptkit_multi_label.metric import METRIC
    from adaptkit_multi_label.rows import encode, prepare, survey
    from adaptkit_multi_label.sets import decode, present
    from adaptkit_multi_label.threshold import calibrate, calibrated
    from adaptkit_multi_label.tsv import read

    if not separator:
        raise ValueError("separator = ''; expected the text between two labels, such as |")
    return Task(
        name="multi-label",
        columns={
            "text": "the text",
            "labels": f"the names of its labels: a list, or a text with {separator} between them; or columns "
            "of 0 and 1, which --option label_columns=A,B,... names",
        },
        target_columns=("labels", "label", *label_columns),
        head="sequence-classification",
        config_overrides={"problem_type": "multi_label_classification"},
        collator=DataCollatorWithPadding,
        prepare=partial(prepare, separator=separator, names=label_names, columns=label_columns),
        survey=partial(survey, separator=separator, names=label_names, columns=label_columns),
        audit=audit,
        labels_of=lambda row: row["labels"],
        encode=encode,
        loss=binary_cross_entropy,
        decode=decode,
        calibrate=calibrate,
        apply_calibration=calibrated,
        metric=METRIC,
        baseline=label_set_baselines("text"),
        to_json=present,
        readers={".tsv": read},
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        options={"separator": separator},
    )
