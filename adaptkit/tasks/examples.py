"""Model inputs of rows with one or two texts: a `Task.encode` in one call. For plugin authors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from adaptkit.task import Example
from adaptkit.tasks.truncation import shortened

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from adaptkit.task import Row

Target = Callable[["Row"], Any]


def text_examples(
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    *columns: str,
    target: Target | None = None,
) -> list[Example]:
    """An example for each row: its text, or its two texts as a pair.

    If the texts have more than ``max_length`` sub-words, they are truncated, the longer one first.

    Args:
        rows: the prepared rows.
        tokenizer: the model's tokenizer.
        max_length: the most sub-words of an example.
        columns: the column of the text, or the two columns of a pair.
        target: the ``labels`` of a row; None for a row to be predicted.
    """
    if not rows:
        return []
    if len(columns) > 2:
        raise ValueError(f"{len(columns)} columns: a tokenizer pairs two texts at most")
    texts = [[row[column] for row in rows] for column in columns]
    if len(columns) > 1:
        texts = [shortened(its, tokenizer, max_length) for its in texts]
    batch = tokenizer(*texts, truncation="longest_first", max_length=max_length)
    names = [name for name in tokenizer.model_input_names if name in batch]
    examples = []
    for position, row in enumerate(rows):
        inputs: dict[str, Any] = {name: batch[name][position] for name in names}
        label = None if target is None else target(row)
        if label is not None:
            inputs["labels"] = label
        examples.append(Example(row=position, inputs=inputs))
    return examples
