"""Checks on some training examples that the model can read them: their tokens and their token types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adaptkit.errors import ModelError

if TYPE_CHECKING:
    from adaptkit.models.loading import LoadedModel
    from adaptkit.task import Example

MOST_UNKNOWN, MANY_UNKNOWN = 0.95, 0.3
"""The share of unknown tokens above which the model is refused, and above which there is a warning."""

MORE_UNKNOWN = 0.05
"""The difference of the shares in training and dev rows from which there is a warning."""


def refuse_unreadable(examples: Sequence[Example], loaded: LoadedModel) -> str:
    """Check some examples of the training rows.

    Args:
        examples: the examples, as the task's encode makes them.
        loaded: the model that is to read them.

    Returns:
        A warning if many tokens are unknown; else an empty text.

    Raises:
        ModelError: nearly all tokens are unknown, or the model has no embedding for a token or its type.
    """
    _refuse_beyond_table(examples, loaded, "input_ids", "word_embeddings", "token ids")
    _refuse_beyond_table(examples, loaded, "token_type_ids", "token_type_embeddings", "token types")
    known, unknown = _counts(examples, loaded.tokenizer)
    total = known + unknown
    if not examples or (known and unknown <= MANY_UNKNOWN * total):
        return ""
    if not known or unknown > MOST_UNKNOWN * total:
        raise ModelError(
            f"the tokenizer of {loaded.source} knows hardly any token of the training rows:"
            f" {unknown:,} of {total:,} are unknown",
            expected="a tokenizer of the model and for the language of the texts",
            next_step="Check the tokenizer files in the model's folder, or choose another model.",
            code="unknown-tokens",
        )
    return (
        f"the tokenizer of {loaded.source} does not know {unknown / total:.0%} of the tokens of the training"
        " rows: the model may not fit the texts"
    )


def unlike_texts(train: Sequence[Example], dev: Sequence[Example], loaded: LoadedModel) -> str:
    """A warning if the tokenizer knows far more tokens of one split than of the other; else an empty text.

    Args:
        train: some examples of the training rows.
        dev: some examples of the dev rows.
        loaded: the model with the tokenizer.
    """
    counts = [_counts(examples, loaded.tokenizer) for examples in (train, dev)]
    if not all(map(sum, counts)):
        return ""
    in_train, in_dev = (unknown / (known + unknown) for known, unknown in counts)
    if abs(in_train - in_dev) < MORE_UNKNOWN:
        return ""
    return (
        f"the tokenizer of {loaded.source} does not know {in_train:.0%} of the tokens of the training rows"
        f" and {in_dev:.0%} of those of the dev rows: the texts of the two are unlike, for example in markup,"
        " language or encoding. Prepare both in the same way"
    )


def _refuse_beyond_table(
    examples: Sequence[Example], loaded: LoadedModel, name: str, table: str, what: str
) -> None:
    rows = _rows_of(loaded.module, table)
    highest = max((one for example in examples for one in _flat(example.inputs.get(name, ()))), default=0)
    if rows is not None and highest >= rows:
        raise ModelError(
            f"the tokenizer of {loaded.source} makes {what} up to {highest}, but the model has {rows}",
            expected=f"at most {rows - 1}",
            next_step="Use the tokenizer that the model was trained with, or choose another model."
            " Tokens that a plugin adds belong in Task.new_tokens.",
            code="tokenizer-does-not-fit",
        )


def _rows_of(module: Any, table: str) -> int | None:
    """The rows of the encoder's table of this name; None if it has none."""
    tables = (one for name, one in module.base_model.named_modules() if name.rpartition(".")[2] == table)
    return next((int(one.weight.shape[0]) for one in tables if hasattr(one, "weight")), None)


def _counts(examples: Sequence[Example], tokenizer: Any) -> tuple[int, int]:
    """How many tokens are known and unknown, without those that only mark the ends."""
    unknown_id, special = tokenizer.unk_token_id, set(tokenizer.all_special_ids)
    known = unknown = 0
    for example in examples:
        for token in _flat(example.inputs.get("input_ids", ())):
            known += token not in special
            unknown += token == unknown_id
    return known, unknown


def _flat(values: object) -> Iterator[int]:
    """The numbers of a list, or of lists of choices or sides."""
    if isinstance(values, (str, Mapping)) or not hasattr(values, "__iter__"):
        return
    for one in values:
        if hasattr(one, "__iter__"):
            yield from _flat(one)
        else:
            yield int(one)
