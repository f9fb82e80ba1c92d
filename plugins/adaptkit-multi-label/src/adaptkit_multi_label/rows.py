"""Converts texts and sets of labels to model inputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from adaptkit import Example, Reading
from adaptkit_multi_label.labels import Labels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from transformers import PreTrainedTokenizerBase

    from adaptkit import Row


def prepare(
    row: Row,
    *,
    separator: str,
    names: Sequence[str] | None = None,
    columns: Sequence[str] = (),
    vector_length: int = 0,
) -> Row:
    """The row's text and the list of its labels without repetitions; integers and booleans become names.

    A row to be predicted has no labels column. Raises ValueError that says what is wrong with the row. The
    other arguments are those of `Labels`.
    """
    text = row.get("text")
    if not isinstance(text, str):
        raise ValueError(f"text = {text!r:.80}; expected a string")
    if not text.strip():
        raise ValueError("the text is empty; expected at least one character that is not white space")
    labels = Labels(separator=separator, names=names, columns=columns, vector_length=vector_length).of(row)
    return {"text": text} if labels is None else {"text": text, "labels": labels}


def survey(
    rows: Sequence[Row], *, separator: str, names: Sequence[str] | None, columns: Sequence[str]
) -> Reading:
    """How the rows of a source are prepared: with labels as names, or as vectors of 0 and 1."""
    length = 0 if columns else Labels(separator=separator, names=names).length_of_vectors(rows)
    unnamed = "" if names else ", which --option label_names=A,B,... names"
    return Reading(
        prepare=partial(prepare, separator=separator, names=names, columns=columns, vector_length=length),
        notes=lambda: [f"labels are vectors of 0 and 1{unnamed}"] if length else [],
    )


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row, truncated to ``max_length`` sub-words, with a 1 or a 0 for each label."""
    if not rows:
        return []
    batch = tokenizer([row["text"] for row in rows], truncation=True, max_length=max_length)
    names = [name for name in tokenizer.model_input_names if name in batch]
    positions = {label: position for position, label in enumerate(labels)}
    examples = []
    for position, row in enumerate(rows):
        inputs: dict[str, Any] = {name: batch[name][position] for name in names}
        if "labels" in row:
            inputs["labels"] = _members(row["labels"], positions)  # [labels]
        examples.append(Example(row=position, inputs=inputs))
    return examples


def _members(names: Sequence[str], positions: Mapping[str, int]) -> NDArray[np.uint8]:
    """A 1 for each of the names, a 0 for all other labels: one byte each, as there may be thousands."""
    import numpy as np

    members = np.zeros(len(positions), np.uint8)  # [labels]
    members[[positions[name] for name in names]] = 1
    return members
