"""Converts premises, hypotheses and labels to model inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import (
    Example,
    SkipRow,
    first_column,
    is_missing,
    only_class,
    required_text,
    text_examples,
    text_parts,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transformers import PreTrainedTokenizerBase

    from adaptkit import Row

PREMISE = ("premise", "sentence1", "context", "text")
HYPOTHESIS = ("hypothesis", "sentence2")
LABEL = ("label", "gold_label")
"""The names of a column in published data sets; the task's own name comes first."""

LETTERS = {"e": "entailment", "n": "neutral", "c": "contradiction"}
"""The labels of rows whose premise has the column name "context", as in ANLI."""


def prepare(row: Row, *, names: Sequence[str] | None = None) -> Row:
    """The row's premise, hypothesis and label, under any of the known column names.

    A row to be predicted has no label column. ``names`` are the names of labels that are numbers. Raises
    ValueError that says what is wrong with the row, and SkipRow if the label is missing.
    """
    texts = {"premise": required_text(row, *PREMISE), "hypothesis": required_text(row, *HYPOTHESIS)}
    name = first_column(row, LABEL)
    if name not in row:
        return texts
    label = row[name]
    if is_missing(label):
        raise SkipRow(f"no gold label: {name} = {label!r}")
    written = only_class(label, names, name)
    spelled = LETTERS if first_column(row, PREMISE) == "context" else {}
    return {**texts, "label": spelled.get(written, written)}


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row: both texts as a pair.

    If they have more than ``max_length`` sub-words together, the longer one is truncated first.
    """
    numbers = {label: number for number, label in enumerate(labels)}
    return text_examples(
        rows, tokenizer, max_length, "premise", "hypothesis",
        target=lambda row: numbers.get(row.get("label", "")),
    )  # fmt: skip


def parse(text: str) -> Row:
    """The row of a text with two parts; raises ValueError for another number of parts."""
    premise, hypothesis = text_parts(text, 2, "a premise and a hypothesis")
    return {"premise": premise, "hypothesis": hypothesis}


def present(row: Row, prediction: Mapping[str, Any]) -> Mapping[str, Any]:
    """The label, its probability, and the probabilities of the most probable classes."""
    return prediction
