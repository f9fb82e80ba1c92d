"""Predicts rows with any model: examples sorted by length, batches of about as many tokens each.

A batch is padded to its longest example, and freed when it is decoded. The predictions are in the order
of the rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from adaptkit.data.encode import collate, encode, length_of
from adaptkit.engine.batch_limits import is_out_of_memory
from adaptkit.engine.evaluate import Pieces, ScoringSet
from adaptkit.errors import TrialOutOfMemory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from adaptkit.engine.forward import Forward
    from adaptkit.task import Example, Prediction, Row, Task

TOKENS_AT_ONCE = 8192
"""The most tokens of a batch, with padding; one example is always allowed."""

TOKENS_AT_ONCE_ON_CPU = 2048
"""The same on a CPU, where smaller batches stay in its caches."""

Tensors = Mapping[str, torch.Tensor]
Arrays = dict[str, NDArray[Any]]
Watch = Callable[[Arrays, Tensors, Sequence[int]], None]
"""Called after a batch with its outputs, its tensors, and the positions of its examples."""


@dataclass(frozen=True, kw_only=True)
class Network:
    """A model that is ready to predict, whatever computes it."""

    tokenizer: PreTrainedTokenizerBase
    labels: Sequence[str]
    max_length: int
    outputs: Callable[[Tensors], Arrays]
    """Takes a batch of the collator, name → ``[batch, ...]``; gives the task's outputs by name."""

    tokens_at_once: int = TOKENS_AT_ONCE_ON_CPU


def encoded(network: Network, task: Task, rows: Sequence[Row]) -> list[Example]:
    """The examples of the rows; raises TaskError if the plugin's encode fails."""
    return encode(task, rows, network.tokenizer, network.labels, network.max_length)


def tokens_of(example: Example) -> int:
    """The tokens of an example, with those that pad its choices to the longest one."""
    ids = example.inputs["input_ids"]
    choices = len(ids) if len(ids) and isinstance(ids[0], (list, tuple)) else 1
    return length_of(example) * choices


def predict_examples(
    network: Network, task: Task, rows: Sequence[Row], examples: Sequence[Example],
    watch: Watch | None = None,
) -> list[Prediction]:  # fmt: skip
    """One prediction per row, before the calibration.

    Args:
        network: the model.
        task: the task of model and rows.
        rows: rows as the task's `prepare` returns them.
        examples: their examples, as `encoded` returns them.
        watch: called after each batch, unless its outputs are not finite or cannot be decoded.

    Raises:
        TaskError: a part of the task failed.
        TrialError: the model's outputs are not finite, the task's decode failed, or memory ran out.
    """
    data = ScoringSet(task=task, labels=network.labels, rows=rows, examples=examples, buckets=())
    pieces = Pieces(data)
    for positions in batches_of([tokens_of(example) for example in examples], network.tokens_at_once):
        length = max(length_of(examples[position]) for position in positions)
        batch = collate(task, examples, positions, network.tokenizer, length)
        its = [examples[position] for position in positions]
        outputs = network.outputs(batch.tensors)
        pieces.take(outputs, positions, its)
        if watch is not None and pieces.failure is None:
            watch(outputs, batch.tensors, positions)
    result = pieces.merged()
    if isinstance(result, Exception):
        raise result
    return result


def batches_of(tokens: Sequence[int], most: int) -> Iterator[list[int]]:
    """The positions of the examples, in batches of similar length. The longest come first.

    Args:
        tokens: the tokens of each example.
        most: the most tokens of a batch, with padding. An example with more is a batch of its own.
    """
    order = sorted(range(len(tokens)), key=lambda position: -tokens[position])
    start = 0
    while start < len(order):
        size = max(1, most // max(tokens[order[start]], 1))
        yield order[start : start + size]
        start += size


def torch_outputs(forward: Forward) -> Callable[[Tensors], Arrays]:
    """How torch computes a batch. If memory runs out, the batch is computed in halves."""
    forward.module.eval()  # here, because it visits every module

    def outputs(batch: Tensors) -> Arrays:
        examples = len(next(iter(batch.values())))
        try:
            return _computed(forward, batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        if examples < 2:
            raise TrialOutOfMemory("out of memory predicting one example")
        if forward.device.type == "cuda":
            torch.cuda.empty_cache()
        halves = [{name: t[part] for name, t in batch.items()} for part in _halves(examples)]
        first, second = map(outputs, halves)
        return {name: np.concatenate([first[name], second[name]]) for name in first}

    return outputs


def _halves(examples: int) -> tuple[slice, slice]:
    return slice(0, examples // 2), slice(examples // 2, None)


@torch.inference_mode()
def _computed(forward: Forward, batch: Tensors) -> Arrays:
    moved = {name: tensor.to(forward.device) for name, tensor in batch.items()}
    outputs = forward.outputs({}, moved)  # name → [1, batch, ...]
    return {name: output[0].float().cpu().numpy() for name, output in outputs.items()}
