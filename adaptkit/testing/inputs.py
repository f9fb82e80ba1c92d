"""Checks of the inputs: the task's parts, rows, labels, head, examples and batches."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from adaptkit.config import DataConfig
from adaptkit.data.encode import collate, encode, length_of
from adaptkit.data.load import load
from adaptkit.data.plan import LENGTH_STEP
from adaptkit.models.new_tokens import add_tokens, ids_of
from adaptkit.task import CONTRACT_VERSION, Example
from adaptkit.tasks.validation import ill_formed
from adaptkit.testing.compare import alike
from adaptkit.testing.findings import Nonconformity, NotApplicable
from adaptkit.testing.fixtures import Fixtures
from adaptkit.testing.tiny import MAX_LENGTH, byte_level_tokenizer


def parts(fixtures: Fixtures) -> None:
    """Every part of the task has the right type, for this version of the contract."""
    wrong = ill_formed(fixtures.task)
    if wrong:
        raise Nonconformity("; ".join(wrong), next_step="Correct these arguments of Task.")
    if fixtures.task.contract != CONTRACT_VERSION:
        raise Nonconformity(
            f"contract = {fixtures.task.contract}",
            expected=f"{CONTRACT_VERSION}, the contract of this adaptkit",
            next_step="Read what has changed in adaptkit.Task, adapt the plugin, and change the number.",
        )


def sample(fixtures: Fixtures) -> None:
    """The sample can be read and split as in a study, and has no invalid row."""
    if fixtures.task.sample is None:
        raise NotApplicable("the task has no sample")
    load(fixtures.task, DataConfig(), 0)


def rows(fixtures: Fixtures) -> None:
    """Rows can be prepared, with all declared columns and without their answers."""
    for raw, row in zip(fixtures.raw_chosen, fixtures.rows, strict=True):
        if not alike(fixtures.task.prepare(dict(raw)), row):
            raise Nonconformity(
                f"a second call of prepare returned another row for {raw!r:.80}",
                expected="the same row for the same input",
                next_step="Make prepare depend on its argument only, and do not change the argument.",
            )
    if fixtures.task.target_columns and not set(fixtures.task.target_columns) & set(fixtures.task.columns):
        raise Nonconformity(
            f"target_columns = {list(fixtures.task.target_columns)}, and the columns are "
            f"{list(fixtures.task.columns)}",
            expected="at least one column that is an answer",
            next_step="List the column of the answer in Task.target_columns.",
        )
    _ = fixtures.unlabelled


def labels(fixtures: Fixtures) -> None:
    """The rows have labels, and each label occurs once among the names."""
    names = fixtures.labels
    if fixtures.task.labels_of is None:
        raise NotApplicable("the task has no labels")
    if len(set(names)) != len(names):
        raise Nonconformity(
            f"label_names returned {list(names)!r:.200}",
            expected="each name once",
            next_step="Correct label_names.",
        )


def head(fixtures: Fixtures) -> None:
    """The head can be put on an encoder, and has new parameters to train."""
    loaded = fixtures.loaded()
    if not loaded.newly_initialized:
        raise Nonconformity(
            "no parameter of the model is newly initialized",
            expected="a head with parameters to train",
            next_step="Give the task a head with parameters.",
        )


def encode_rows(fixtures: Fixtures) -> None:
    """Every row has at least one example, in order and of valid length, with ids and a mask."""
    _refuse_incomplete(fixtures.examples)


def byte_level(fixtures: Fixtures) -> None:
    """The same with another kind of tokenizer: byte-level, without token types."""
    tokenizer = byte_level_tokenizer(fixtures.texts, word_level=fixtures.task.word_level)
    add_tokens(tokenizer, fixtures.task.new_tokens)
    examples = encode(fixtures.task, fixtures.rows, tokenizer, fixtures.labels, MAX_LENGTH)
    _refuse_incomplete(examples)
    length = math.ceil(max(map(length_of, examples)) / LENGTH_STEP) * LENGTH_STEP
    collate(fixtures.task, examples, range(len(examples)), tokenizer, length)


def order_of_rows(fixtures: Fixtures) -> None:
    """A row's examples do not depend on the other rows or on their order."""
    alone = [fixtures.encoded([row]) for row in fixtures.rows]
    backwards = _by_row(fixtures.encoded(fixtures.rows[::-1]), len(fixtures.rows))[::-1]
    together = _by_row(fixtures.examples, len(fixtures.rows))
    for what, others in (("alone", alone), ("with the rows in reverse order", backwards)):
        for position, (one, other) in enumerate(zip(together, others, strict=True)):
            if difference := _difference(one, other):
                raise Nonconformity(
                    f"row {position} encoded {what} gives other inputs: {difference}",
                    expected="inputs that depend on the row alone",
                    next_step="Make encode treat each row separately: keep no state between rows or calls, "
                    "and leave padding to the collator.",
                )


def rows_to_predict(fixtures: Fixtures) -> None:
    """Rows without answers have the same inputs without labels, and can be collated."""
    labelled = _by_row(fixtures.examples, len(fixtures.rows))
    plain = fixtures.encoded(fixtures.unlabelled)
    for position, (one, other) in enumerate(zip(labelled, _by_row(plain, len(fixtures.rows)), strict=True)):
        left = [name for name in other[0].inputs if name not in fixtures.model.forward.inputs]
        if "labels" in left:
            raise Nonconformity(
                f"row {position} without {list(fixtures.task.target_columns)} has labels = "
                f"{other[0].inputs['labels']!r:.80}",
                expected="no labels in the inputs of a row to predict",
                next_step="Put labels into Example.inputs only if the row has its answer.",
            )
        if difference := _difference(_only(one, fixtures), _only(other, fixtures)):
            raise Nonconformity(
                f"row {position} without its answer gives other inputs: {difference}",
                expected="the same inputs as with its answer",
                next_step="Do not let the model's inputs depend on the answer.",
            )
    collate(fixtures.task, plain, range(len(plain)), fixtures.model.tokenizer, MAX_LENGTH)


def collator(fixtures: Fixtures) -> None:
    """A batch has tensors with an entry per example, padded to a multiple of ``pad_to_multiple_of``."""
    for positions in (fixtures.some, fixtures.some[:1]):
        length = fixtures.length(positions)
        batch = fixtures.batch(positions, length)
        _check_batch(batch, len(positions))
        longer = fixtures.batch(positions, length + 16)
        ids, more = batch["input_ids"], longer["input_ids"]
        mask = longer["attention_mask"][..., length:]
        if bool(mask.any()) or not bool((more[..., :length] == ids).all()):
            raise Nonconformity(
                f"padded to {length + 16} tokens instead of {length}, a batch has other tokens",
                expected="the same ids, then padding with attention_mask 0, on the right",
                next_step="Use a data collator of transformers, or pad ids on the right and the mask with 0.",
            )


def new_tokens(fixtures: Fixtures) -> None:
    """Each new token is one token of the tokenizer, and at least one of them occurs in the examples."""
    tokens = fixtures.task.new_tokens
    if not tokens:
        raise NotApplicable("the task has no new tokens")
    tokenizer = fixtures.model.tokenizer
    for token in tokens:
        pieces = tokenizer.tokenize(f"a {token} b")
        if token not in pieces:
            raise Nonconformity(
                f"new_tokens has {token!r}, and the tokenizer divides it: {pieces!r:.100}",
                expected="a text that no other token is part of",
                next_step="Choose a token with brackets, such as '[E1]'.",
            )
    used = {one for example in fixtures.examples for one in _flat(example.inputs["input_ids"])}
    if not used & set(ids_of(tokenizer, tokens)):
        raise Nonconformity(
            f"new_tokens has {list(tokens)!r:.100}, and none of them occurs in an example",
            expected="examples with new tokens",
            next_step="Write the tokens into the text that encode tokenises, or give the task no new tokens.",
        )


def taken(fixtures: Fixtures) -> None:
    """Every tensor of a batch goes to the encoder, to the head or to the loss."""
    batch = fixtures.batch(fixtures.some, fixtures.length(fixtures.some))
    seen = _Recorded(batch)
    fixtures.task.loss(fixtures.outputs(batch), seen)
    left = sorted(set(batch) - fixtures.model.forward.inputs - seen.names)
    if left:
        raise Nonconformity(
            f"nothing takes {' and '.join(left)} of the batch: the encoder reads "
            f"{', '.join(sorted(fixtures.model.forward.inputs))}, and the loss reads "
            f"{', '.join(sorted(seen.names)) or 'nothing'}",
            expected="tensors that the encoder, the head or the loss reads",
            next_step="Name what the head needs in Task.head_inputs, put what decode needs into "
            "Example.info, and leave out the rest.",
        )


class _Recorded(Mapping[str, torch.Tensor]):
    """A batch that remembers what was read from it."""

    def __init__(self, batch: Mapping[str, torch.Tensor]) -> None:
        self.batch = batch
        self.names: set[str] = set()

    def __getitem__(self, name: str) -> torch.Tensor:
        self.names.add(name)
        return self.batch[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.batch)

    def __len__(self) -> int:
        return len(self.batch)


def _flat(ids: Any) -> Iterator[int]:
    """The token ids of an example, of all its choices."""
    for one in ids:
        if hasattr(one, "__iter__"):
            yield from _flat(one)
        else:
            yield int(one)


def outputs(fixtures: Fixtures) -> None:
    """The model returns the outputs that the task lists, with an entry per example."""
    positions = fixtures.some
    for name, output in fixtures.outputs(fixtures.batch(positions, fixtures.length(positions))).items():
        if output.dim() == 0 or output.shape[0] != len(positions):
            raise Nonconformity(
                f"the output {name} of a batch of {len(positions)} has the shape {list(output.shape)}",
                expected=f"[{len(positions)}, ...]",
                next_step="Let the head return an output for each example.",
            )


def _refuse_incomplete(examples: Sequence[Example]) -> None:
    for example in examples:
        missing = {"input_ids", "attention_mask"} - set(example.inputs)
        if missing:
            raise Nonconformity(
                f"an example of row {example.row} has no {' and no '.join(sorted(missing))}",
                expected="the tokenizer's outputs, with their own names",
                next_step="Put every name in tokenizer.model_input_names into Example.inputs.",
            )


def _check_batch(batch: Mapping[str, Any], examples: int) -> None:
    for name, tensor in batch.items():
        shape = list(getattr(tensor, "shape", ()))
        if not shape or shape[0] != examples:
            raise Nonconformity(
                f"the collator returned {name} of shape {shape} for {examples} examples",
                expected=f"a tensor [{examples}, ...]",
                next_step="Let the collator return tensors only, each with an entry for every example.",
            )


def _by_row(examples: Sequence[Example], count: int) -> list[list[Example]]:
    rows: list[list[Example]] = [[] for _ in range(count)]
    for example in examples:
        rows[example.row].append(example)
    return rows


def _only(examples: Sequence[Example], fixtures: Fixtures) -> list[Example]:
    """The examples with only the model's inputs."""
    names = fixtures.model.forward.inputs
    return [
        Example(row=one.row, inputs={name: one.inputs[name] for name in names if name in one.inputs})
        for one in examples
    ]


def _difference(one: Sequence[Example], other: Sequence[Example]) -> str:
    """How the inputs of the same row differ; empty if they are equal."""
    if len(one) != len(other):
        return f"{len(one)} examples, {len(other)} the other time"
    for first, second in zip(one, other, strict=True):
        for name in {**first.inputs, **second.inputs}:
            left, right = first.inputs.get(name), second.inputs.get(name)
            if not alike(left, right):
                return f"{name} is {left!r:.60}, {right!r:.60} the other time"
    return ""
