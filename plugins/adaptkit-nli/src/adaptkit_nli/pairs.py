"""Converts premises, hypotheses and labels to model inputs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from adaptkit import Example, SkipRow, only_class, plain_number, shortened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transformers import PreTrainedTokenizerBase

    from adaptkit import Row

PREMISE = ("premise", "sentence1", "context", "text")
HYPOTHESIS = ("hypothesis", "sentence2")
LABEL = ("label", "gold_label")
"""The names of a column in published data sets; the task's own name comes first."""

NO_LABEL = ("", "-", "-1")
"""The values of a missing label: the annotators did not agree, or the labels are not published."""

LETTERS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
"""The labels of rows whose premise has the column name "context", as in ANLI."""

_BETWEEN = re.compile(r"\t| \|\|\| ")


def prepare(row: Row, *, names: Sequence[str] | None = None) -> Row:
    """The row's premise, hypothesis and label, under any of the known column names.

    A row to be predicted has no label column. ``names`` are the names of labels that are numbers. Raises
    ValueError that says what is wrong with the row, and SkipRow if the label is missing.
    """
    texts = {"premise": _text(row, PREMISE), "hypothesis": _text(row, HYPOTHESIS)}
    name = _column(row, LABEL)
    if name not in row:
        return texts
    label = row[name]
    if label is None or str(plain_number(label)).strip() in NO_LABEL:
        raise SkipRow(f"no gold label: {name} = {label!r}")
    written = only_class(label, names, name)
    spelled = LETTERS if _column(row, PREMISE) == "context" else {}
    return {**texts, "label": spelled.get(written, written)}


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row: both texts as a pair.

    If they have more than ``max_length`` sub-words together, the longer one is truncated first.
    """
    if not rows:
        return []
    batch = tokenizer(
        shortened([row["premise"] for row in rows], tokenizer, max_length),
        shortened([row["hypothesis"] for row in rows], tokenizer, max_length),
        truncation="longest_first",
        max_length=max_length,
    )
    names = [name for name in tokenizer.model_input_names if name in batch]
    label_ids = {label: position for position, label in enumerate(labels)}
    examples = []
    for position, row in enumerate(rows):
        inputs: dict[str, Any] = {name: batch[name][position] for name in names}
        if "label" in row:
            inputs["labels"] = label_ids[row["label"]]
        examples.append(Example(row=position, inputs=inputs))
    return examples


def parse(text: str) -> Row:
    """The row of a text with two parts; raises ValueError for another number of parts."""
    parts = _BETWEEN.split(text)
    if len(parts) != 2:
        raise ValueError(
            f"{text!r:.80} has {len(parts)} part{'' if len(parts) == 1 else 's'}; "
            "expected a premise and a hypothesis with ' ||| ' or a tab between them"
        )
    return {"premise": parts[0], "hypothesis": parts[1]}


def present(row: Row, prediction: Mapping[str, Any]) -> Mapping[str, Any]:
    """The label, its probability, and the probabilities of the most probable classes."""
    return prediction


def _column(row: Row, names: Sequence[str]) -> str:
    """The first of these columns that the row has; the first name if it has none."""
    return next((name for name in names if name in row), names[0])


def _text(row: Row, names: Sequence[str]) -> str:
    name = _column(row, names)
    text = row.get(name)
    if not isinstance(text, str):
        raise ValueError(f"{name} = {text!r:.80}; expected a string")
    if not text.strip():
        raise ValueError(f"the {name} is empty; expected at least one character that is not white space")
    return text
