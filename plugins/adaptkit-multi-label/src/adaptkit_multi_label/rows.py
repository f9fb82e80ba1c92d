"""Converts texts and sets of labels to model inputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from adaptkit import Example, Reading, required_text, text_examples
from adaptkit_multi_label.labels import Labels, columns_of_labels, in_columns

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
    text = required_text(row, "text")
    labels = Labels(separator=separator, names=names, columns=columns, vector_length=vector_length).of(row)
    return {"text": text} if labels is None else {"text": text, "labels": labels}


def survey(
    rows: Sequence[Row], *, separator: str, names: Sequence[str] | None, columns: Sequence[str]
) -> Reading:
    """How the rows of a source are prepared: with labels as names, or as vectors of 0 and 1.

    If the rows have no labels, but columns of 0 and 1, the next step names these.
    """
    length = 0 if columns else Labels(separator=separator, names=names).length_of_vectors(rows)
    apart = [] if columns else columns_of_labels(rows)
    unnamed = "" if names else ", which --option label_names=A,B,... names"
    return Reading(
        prepare=partial(prepare, separator=separator, names=names, columns=columns, vector_length=length),
        notes=lambda: [f"labels are vectors of 0 and 1{unnamed}"] if length else [],
        next_step=in_columns(apart) if len(apart) > 1 else "",
    )


def encode(
    rows: Sequence[Row], tokenizer: PreTrainedTokenizerBase, labels: Sequence[str], max_length: int
) -> list[Example]:
    """An example for each row, truncated to ``max_length`` sub-words, with a 1 or a 0 for each label."""
    positions = {label: position for position, label in enumerate(labels)}
    return text_examples(
        rows, tokenizer, max_length, "text",
        target=lambda row: _members(row["labels"], positions) if "labels" in row else None,
    )  # fmt: skip


def _members(names: Sequence[str], positions: Mapping[str, int]) -> NDArray[np.uint8]:
    """A 1 for each of the names, a 0 for all other labels: one byte each, as there may be thousands."""
    import numpy as np

    members = np.zeros(len(positions), np.uint8)  # [labels]
    members[[positions[name] for name in names]] = 1
    return members
