"""Converts texts and labels to model inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import Example, only_class, required_text, text_examples

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from transformers import PreTrainedTokenizerBase

    from adaptkit import Row


def prepare(row: Row, *, names: Sequence[str] | None = None) -> Row:
    """The row's text and label; numbers and booleans become names.

    A row to be predicted has no label. Raises ValueError that says what is wrong with the row, and SkipRow if
    its list of labels is empty.

    Args:
        row: the row.
        names: the names of labels that are numbers.
    """
    text, label = required_text(row, "text"), row.get("label")
    return {"text": text} if label is None else {"text": text, "label": only_class(label, names)}


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row, truncated to ``max_length`` sub-words."""
    numbers = {label: number for number, label in enumerate(labels)}
    return text_examples(
        rows, tokenizer, max_length, "text", target=lambda row: numbers.get(row.get("label", ""))
    )


def present(row: Row, prediction: Mapping[str, Any]) -> Mapping[str, Any]:
    """The label, its probability, and the probabilities of the most probable classes."""
    return prediction
