"""Converts rows to padded tensors, once per study.

Each example belongs to one length bucket and is collated once. A micro-batch is then an index into tensors
that are already on the device.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from adaptkit.data.encoded import EncodedExamples
from adaptkit.data.tensors import Tensors, narrowed, stacked
from adaptkit.errors import TaskError
from adaptkit.system.memory import without_collection
from adaptkit.task import Example, Row, Task
from adaptkit.tasks.calls import calling, named, part_failed, shown

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

COLLATED_AT_ONCE = 512
ENCODED_AT_ONCE = 4096


def encode(
    task: Task,
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str],
    max_length: int,
) -> list[Example]:
    """The examples of the rows, in the rows' order.

    Raises:
        TaskError: the plugin's encode failed, left out a row, changed the order, or made an example too long.
    """
    with calling(task, "encode"):
        examples = list(task.encode(rows, tokenizer, labels, max_length)) if rows else []
    _check_examples(task, examples)
    order = [example.row for example in examples]
    if sorted(set(order)) != list(range(len(rows))) or order != sorted(order):
        raise TaskError(
            f"{named(task)}: encode returned examples of the rows {order[:8]}... for {len(rows)} rows",
            expected="at least one example for every row, in the rows' order",
            next_step="Correct the plugin's encode, or report this to its author.",
            code="bad-examples",
        )
    longest = max((length_of(example) for example in examples), default=0)
    if longest > max_length:
        raise TaskError(
            f"{named(task)}: encode made an example of {longest} tokens",
            expected=f"at most max_length = {max_length}",
            next_step="Truncate in the plugin's encode, or split long rows into windows; "
            "or report this to the plugin's author.",
            code="example-too-long",
        )
    return examples


def encode_in_columns(
    task: Task,
    rows: Sequence[Row],
    tokenizer: PreTrainedTokenizerBase,
    labels: Sequence[str],
    max_length: int,
) -> EncodedExamples:
    """What `encode` gives and raises, in columns. Some rows are encoded at a time."""
    found = EncodedExamples()
    for start in range(0, len(rows), ENCODED_AT_ONCE):
        some = rows[start : start + ENCODED_AT_ONCE]
        with without_collection():
            examples = encode(task, some, tokenizer, labels, max_length)
            found.append(examples, start, list(map(length_of, examples)))
    return found


def length_of(example: Example) -> int:
    """The number of tokens of an example; of the longest choice if it has several."""
    ids = example.inputs["input_ids"]
    return max(map(len, ids)) if _has_choices(ids) else len(ids)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Examples padded to one length, as tensors."""

    length: int
    positions: Sequence[int]
    """The position of each example in the list it was collated from."""

    sizes: NDArray[np.int64]
    """``[examples]``: the tokens of each example, without padding."""

    tensors: Tensors
    """Name → ``[examples, ...]``; token tensors are ``[examples, length]``, or with choices
    ``[examples, choices, length]``."""

    @property
    def choices(self) -> int:
        """The number of choices of each example, with padding; 1 for examples without choices."""
        return math.prod(self.tensors.at(slice(1))["attention_mask"].shape[1:-1])

    def to(self, device: torch.device) -> Bucket:
        """The bucket with its tensors on ``device``."""
        return replace(self, tensors=self.tensors.to(device))

    def take(self, chosen: torch.Tensor) -> Bucket:
        """The bucket's examples at the places ``chosen [some]``."""
        places = chosen.cpu()  # [some]
        return replace(
            self,
            positions=[self.positions[place] for place in places.tolist()],
            sizes=self.sizes[places.numpy()],
            tensors=self.tensors.take(chosen),
        )


def collate(
    task: Task,
    examples: Sequence[Example],
    positions: Sequence[int],
    tokenizer: PreTrainedTokenizerBase,
    length: int,
) -> Bucket:
    """The examples at ``positions``, padded to exactly ``length`` tokens by the task's own collator.

    Raises:
        TaskError: the collator returned no token ids or mask, or did not pad to ``pad_to_multiple_of``.
    """
    import torch

    parts = list(_collated(task, examples, positions, tokenizer, length))
    tensors = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}  # [examples, ...]
    sizes = np.array([length_of(examples[position]) for position in positions])  # [examples]
    return Bucket(length=length, positions=list(positions), sizes=sizes, tensors=Tensors(tensors))


def collate_narrow(
    task: Task,
    examples: EncodedExamples,
    positions: NDArray[np.int64],
    tokenizer: PreTrainedTokenizerBase,
    length: int,
) -> Bucket:
    """The bucket that `collate` makes, with whole numbers stored in the bytes that they need."""
    places = array("q", positions.tolist())
    parts: list[Mapping[str, torch.Tensor]] = []
    types: dict[str, torch.dtype] = {}
    for part in _collated(task, examples, places, tokenizer, length):
        types |= {name: tensor.dtype for name, tensor in part.items()}
        parts.append({name: narrowed(tensor) for name, tensor in part.items()})
    stored = {name: stacked([part[name] for part in parts]) for name in parts[0]}  # [examples, ...]
    sizes = examples.lengths[positions]  # [examples]
    return Bucket(length=length, positions=places, sizes=sizes, tensors=Tensors(stored, types))


def _collated(
    task: Task,
    examples: Sequence[Example],
    positions: Sequence[int],
    tokenizer: PreTrainedTokenizerBase,
    length: int,
) -> Iterator[Mapping[str, torch.Tensor]]:
    """The collator's batches for the positions, one after another; raises as `collate` does."""
    # A collator that pads to a multiple of `length` pads to `length` itself, because no example is longer.
    with calling(task, "collator"):
        collator = task.collator(tokenizer, pad_to_multiple_of=length)
    widest = _of_most_choices(examples, positions)
    for start in range(0, len(positions), COLLATED_AT_ONCE):
        chosen = positions[start : start + COLLATED_AT_ONCE]
        with calling(task, "collator"):
            batch = collator([dict(examples[position].inputs) for position in (*chosen, *widest)])
        _check_collated(task, batch, len(chosen) + len(widest), length)
        yield {name: tensor[: len(chosen)] for name, tensor in batch.items()}


def _check_examples(task: Task, examples: Sequence[Any]) -> None:
    """Raise TaskError unless each is an Example with token ids."""
    for example in examples:
        if not isinstance(example, Example) or not isinstance(example.row, int):
            raise part_failed(task, "encode", f"it returned {shown(example)}", "examples: adaptkit.Example")
        ids = example.inputs.get("input_ids") if isinstance(example.inputs, Mapping) else None
        if not isinstance(ids, Sequence) and not hasattr(ids, "__len__"):
            what = f"it returned an example whose inputs are {shown(example.inputs)}"
            raise part_failed(task, "encode", what, "inputs with a list of input_ids")


def _has_choices(ids: Sequence[Any]) -> bool:
    return bool(ids) and isinstance(ids[0], (list, tuple))


def _of_most_choices(examples: Sequence[Example], positions: Sequence[int]) -> list[int]:
    """The position of the example with the most choices; empty if examples have no choices.

    A collator makes a batch as wide as its widest example. With this example in every batch, all batches
    have the same width.
    """
    if not len(positions) or not _has_choices(examples[positions[0]].inputs["input_ids"]):
        return []
    return [max(positions, key=lambda position: len(examples[position].inputs["input_ids"]))]


def _check_collated(task: Task, batch: Mapping[str, Any], examples: int, length: int) -> None:
    """Raise TaskError if the token ids and the mask of a batch are not ``[examples, ..., length]``."""
    tensors = batch.values() if isinstance(batch, Mapping) else [None]
    if not all(hasattr(tensor, "shape") and tensor.shape[:1] for tensor in tensors):
        what = f"it returned {shown(batch)}"
        raise part_failed(task, "collator", what, f"tensors of {examples} examples by name")
    for name in ("input_ids", "attention_mask"):
        shape = list(batch[name].shape) if name in batch else []
        if not shape or shape[0] != examples or shape[-1] != length:
            raise TaskError(
                f"{named(task)}: the collator returned "
                + (f"{name} of shape {shape}" if shape else f"{sorted(batch)} without {name}"),
                expected=f"{name} of shape [{examples}, {length}], "
                f"padded to a multiple of pad_to_multiple_of = {length}",
                next_step="Use a data collator of transformers in the plugin, or pad as asked; "
                "or report this to the plugin's author.",
                code="bad-batch",
            )
    missing = [name for name in task.head_inputs if name not in batch]
    if missing:
        raise TaskError(
            f"{named(task)}: the head is to receive {' and '.join(missing)}, but the batch has "
            f"{', '.join(sorted(batch))}",
            expected="each of the task's head_inputs in the batch",
            next_step="Put it into Example.inputs in the plugin's encode, for rows to be predicted, too, and "
            "keep it in the collator; or report this to the plugin's author.",
            code="no-head-input",
        )
