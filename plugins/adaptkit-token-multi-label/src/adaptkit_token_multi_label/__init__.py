"""Token classification with any number of labels for each token, as an adaptkit task.

Imports torch and transformers only when the task is used.
"""

from __future__ import annotations

from functools import partial
from itertools import chain
from pathlib import Path

from adaptkit import Task, word_lines

SUFFIXES = (".conll", ".tsv", ".txt", ".bio", ".iob", ".iob2", "")


def token_multi_label(
    *,
    separator: str = "|",
    token_column: int = 0,
    label_column: int = -1,
    label_names: tuple[str, ...] | None = None,
) -> Task:
    """Any number of labels for each token, such as those of nested or overlapping entities.

    Args:
        separator: what is between two labels where one field has all labels of a token.
        token_column: the column of the tokens in a column file, counted from 0, or from -1 at the end of the
            line.
        label_column: the column of the labels.
        label_names: the names of labels that are numbers, in the order of the numbers.

    Raises:
        ValueError: the separator is empty.
    """
    from adaptkit_token_multi_label.baseline import labels_of_words
    from adaptkit_token_multi_label.decoding import calibrate, calibrated, decode, merge
    from adaptkit_token_multi_label.encoding import collator, encode
    from adaptkit_token_multi_label.forms import FORMS
    from adaptkit_token_multi_label.loss import binary_cross_entropy
    from adaptkit_token_multi_label.metric import METRIC
    from adaptkit_token_multi_label.rows import prepare
    from adaptkit_token_multi_label.shown import to_json

    if not separator:
        raise ValueError("separator = ''; expected the text between two labels, such as |")
    prepared = partial(prepare, separator=separator, names=label_names)
    return Task(
        name="token-multi-label",
        columns={
            "tokens": "the tokens, a list of strings",
            "labels": f"for each token the list of its labels, or a text with {separator} between them",
        },
        target_columns=("labels", "tags", "entities"),
        head="token-classification",
        config_overrides={"problem_type": "multi_label_classification"},
        prepare=prepared,
        labels_of=lambda row: set(chain.from_iterable(row["labels"])),
        encode=encode,
        collator=collator,
        loss=binary_cross_entropy,
        decode=decode,
        merge_windows=merge,
        calibrate=calibrate,
        apply_calibration=calibrated,
        metric=METRIC,
        baseline=labels_of_words,
        parse_text=lambda text: prepared({"text": text}),
        to_json=to_json,
        readers=dict.fromkeys(SUFFIXES, word_lines(token_column, label_column, name="labels")),
        sample=Path(__file__).parent / "sample",
        forms=FORMS,
        word_level=True,
    )
