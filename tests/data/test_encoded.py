"""Examples in columns are the examples that were given."""

from typing import Any

import numpy as np
import pytest

from adaptkit.data.encoded import EncodedExamples, narrowest
from adaptkit.task import Example

INPUTS: list[dict[str, Any]] = [
    {"input_ids": [1, 300], "attention_mask": [1, 1], "labels": 1},
    {"input_ids": [70_000], "attention_mask": [1], "labels": 0},
    {"input_ids": [], "attention_mask": [], "labels": -100},
    {"input_ids": [5, 6], "attention_mask": [1, 1], "labels": [0.1, 1.0]},
    {"input_ids": [5, 6], "attention_mask": [1, 1], "labels": 0.1},
    {"input_ids": [5, 6], "attention_mask": [1, 1]},
    {"input_ids": [[1, 2], [3]], "attention_mask": [[1, 1], [1]], "labels": 1},
    {"input_ids": [5, 6], "attention_mask": [1, 1], "text": "as it is", "labels": True},
    {"input_ids": [5, 6], "attention_mask": [True, False], "text": None, "labels": 1 << 70},
    {"input_ids": [5, 1 << 66], "attention_mask": (1, 1), "text": "x", "labels": None},
]


def columns_of(examples: list[Example]) -> EncodedExamples:
    its = EncodedExamples()
    for start in (0, 4):
        part = examples[start : start + 4] if start == 0 else examples[start:]
        its.append(
            [Example(row=one.row - start, inputs=one.inputs, info=one.info) for one in part],
            start,
            [len(one.inputs["input_ids"]) for one in part],
        )
    return its


@pytest.mark.parametrize("info", [None, "word", [0, 1, None], {"start": 3}])
def test_each_example_is_as_it_was(info: object) -> None:
    examples = [Example(row=row, inputs=inputs, info=info) for row, inputs in enumerate(INPUTS)]
    its = columns_of(examples)
    assert len(its) == len(examples)
    assert list(its) == examples
    assert [its[place] for place in range(-10, 10)] == examples * 2
    assert its[3:6] == examples[3:6]
    assert its.lengths.tolist() == [len(one["input_ids"]) for one in INPUTS]
    for found, given in zip(its, examples, strict=True):
        assert list(found.inputs) == list(given.inputs)
        assert {n: type(v) for n, v in found.inputs.items()} == {n: type(v) for n, v in given.inputs.items()}
    with pytest.raises(IndexError):
        its[10]


def test_alike_examples_are_columns_of_numbers() -> None:
    given = [Example(row=n, inputs={"input_ids": [n, n + 1], "labels": n % 2}, info=None) for n in range(100)]
    its = EncodedExamples()
    its.append(given, 0, [2] * 100)
    (block,) = its._blocks
    kept = [cell.cell_contents for one in block.inputs.values() for cell in one.__closure__ or ()]  # type: ignore[attr-defined]
    assert {array.dtype for array in kept} == {np.dtype("int8"), np.dtype("int16")}
    assert list(its) == given


def test_no_examples() -> None:
    assert len(EncodedExamples()) == 0
    assert EncodedExamples().lengths.tolist() == []


@pytest.mark.parametrize(
    ("values", "kind"),
    [([], "int8"), ([-128, 127], "int8"), ([128], "int16"), ([-32769], "int32"), ([1 << 31], "int64")],
)
def test_the_smallest_type_that_holds_all(values: list[int], kind: str) -> None:
    found = narrowest(np.array(values, dtype=np.int64))
    assert found.dtype == kind
    assert found.tolist() == values
