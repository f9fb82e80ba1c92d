"""Converts texts and labels to model inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import Example, only_class

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
    text, label = row.get("text"), row.get("label")
    if not isinstance(text, str):
        raise ValueError(f"text = {text!r:.80}; expected a string")
    if not text.strip():
        raise ValueError("the text is empty; expected at least one character that is not white space")
    return {"text": text} if label is None else {"text": text, "label": only_class(label, names)}


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row, truncated to ``max_length`` sub-words."""
    if not rows:
        return []
    batch = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)
    names = [name for name in tokenizer.model_input_names if name in batch]
    label_ids = {label: position for position, label in enumerate(labels)}
    examples = []
    for position, row in enumerate(rows):
        inputs: dict[str, Any] = {name: batch[name][position] for name in names}
        if "label" in row:
            inputs["labels"] = label_ids[row["label"]]
        examples.append(Example(row=position, inputs=inputs))
    return examples


def present(row: Row, prediction: Mapping[str, Any]) -> Mapping[str, Any]:
    """The label, its probability, and the probabilities of the most probable classes."""
    return prediction
