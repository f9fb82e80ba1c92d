from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from adaptkit.data.encode import COLLATED_AT_ONCE, collate, encode, length_of
from adaptkit.errors import TaskError
from adaptkit.task import Example
from tests.helpers.number_task import encode_numbers, number_rows, number_task, pad_numbers


def examples_of(*rows: int, length: int = 3) -> list[Example]:
    return [Example(row=row, inputs={"input_ids": [5] * length}) for row in rows]


def task_giving(examples: list[Example]) -> Any:
    return number_task(encode=lambda *_: examples)


@pytest.mark.parametrize("order", [(0, 2), (0, 1), (1, 0, 2), (0, 1, 2, 1), (0, 1, 2, 3), (-1, 0, 1)])
def test_a_missing_or_misplaced_row_is_a_task_error(order: tuple[int, ...]) -> None:
    with pytest.raises(TaskError, match=r"task 'numbers': .* for 3 rows") as caught:
        encode(task_giving(examples_of(*order)), [{}, {}, {}], None, (), 8)  # type: ignore[arg-type]
    assert caught.value.code == "bad-examples"


def test_a_row_may_give_several_examples() -> None:
    examples = examples_of(0, 0, 1, 2, 2, 2)
    assert encode(task_giving(examples), [{}, {}, {}], None, (), 8) == examples  # type: ignore[arg-type]


def test_without_rows_the_plugin_is_not_called() -> None:
    def unused(*_: Any) -> Any:
        raise AssertionError("there is nothing to encode")

    assert encode(number_task(encode=unused), [], None, (), 8) == []  # type: ignore[arg-type]


def test_an_example_longer_than_the_model_is_refused() -> None:
    task = task_giving(examples_of(0, length=9))
    assert encode(task, [{}], None, (), 9)  # type: ignore[arg-type]
    with pytest.raises(TaskError, match=r"an example of 9 tokens.*max_length = 8") as caught:
        encode(task, [{}], None, (), 8)  # type: ignore[arg-type]
    assert caught.value.code == "example-too-long"


def test_the_length_of_several_choices_is_the_longest_ones() -> None:
    assert length_of(Example(row=0, inputs={"input_ids": [[1, 2], [1, 2, 3], [1]]})) == 3
    assert length_of(Example(row=0, inputs={"input_ids": [1, 2, 3, 4]})) == 4
    assert length_of(Example(row=0, inputs={"input_ids": []})) == 0


def test_a_bucket_holds_its_examples_in_order_and_padded() -> None:
    rows = number_rows(COLLATED_AT_ONCE + 30)
    examples = encode_numbers(rows, None, (), 48)
    positions = list(range(len(rows)))[::-1]
    bucket = collate(number_task(), examples, positions, None, 32)  # type: ignore[arg-type]
    assert bucket.positions == positions
    assert bucket.tensors["input_ids"].shape == (len(rows), 32)
    assert bucket.choices == 1
    for place, position in enumerate(positions):
        ids = rows[position]["ids"]
        assert bucket.sizes[place] == len(ids)
        assert bucket.tensors["input_ids"][place].tolist() == ids + [0] * (32 - len(ids))
        assert bucket.tensors["attention_mask"][place].sum() == len(ids)
        assert bucket.tensors["labels"][place, : len(ids)].tolist() == rows[position]["answer"]
    moved = bucket.to(torch.device("meta"))
    assert moved.tensors["labels"].device.type == "meta"
    assert bucket.tensors["labels"].device.type == "cpu"


def as_wide_as_the_widest(tokenizer: Any, pad_to_multiple_of: int) -> Callable[..., Any]:
    """Pads the tokens of each choice, and the choices of each example, with zeros."""

    def collated(batch: list[dict[str, Any]]) -> dict[str, torch.Tensor]:
        widest = max(len(inputs["input_ids"]) for inputs in batch)
        ids = torch.zeros(len(batch), widest, pad_to_multiple_of, dtype=torch.long)
        for place, inputs in enumerate(batch):
            for choice, tokens in enumerate(inputs["input_ids"]):
                ids[place, choice, : len(tokens)] = torch.tensor(tokens)
        return {"input_ids": ids, "attention_mask": (ids > 0).long()}

    return collated


def test_a_bucket_is_as_wide_as_its_example_with_most_choices() -> None:
    count = COLLATED_AT_ONCE + 30
    choices = [[[1 + row % 7] * 3] * (5 if row == count - 1 else 2 + row % 2) for row in range(count)]
    examples = [Example(row=row, inputs={"input_ids": its}) for row, its in enumerate(choices)]
    task = number_task(collator=as_wide_as_the_widest)
    bucket = collate(task, examples, range(count), None, 8)  # type: ignore[arg-type]
    assert bucket.tensors["input_ids"].shape == (count, 5, 8)
    assert bucket.choices == 5
    for row, its in enumerate(choices):
        assert bucket.tensors["input_ids"][row, : len(its), :3].tolist() == its
        assert not bucket.tensors["attention_mask"][row, len(its) :].any()


def to_the_longest(tokenizer: Any, pad_to_multiple_of: int) -> Callable[..., Any]:
    return pad_numbers(tokenizer, 1)


def to_too_much(tokenizer: Any, pad_to_multiple_of: int) -> Callable[..., Any]:
    return pad_numbers(tokenizer, 2 * pad_to_multiple_of)


def leaving_one_out(tokenizer: Any, pad_to_multiple_of: int) -> Callable[..., Any]:
    return lambda batch: pad_numbers(tokenizer, pad_to_multiple_of)(batch[1:])


@pytest.mark.parametrize("count", [5, COLLATED_AT_ONCE + 5])
@pytest.mark.parametrize("collator", [to_the_longest, to_too_much, leaving_one_out])
def test_a_collator_that_pads_differently_is_refused(collator: Any, count: int) -> None:
    lengths = [11 if number < 3 else 3 for number in range(count)]
    rows = [{"ids": [7] * length, "answer": [0] * length} for length in lengths]
    task = number_task(collator=collator)
    with pytest.raises(TaskError, match=r"task 'numbers': .*pad_to_multiple_of = 16") as caught:
        collate(task, encode_numbers(rows, None, (), 48), range(count), None, 16)  # type: ignore[arg-type]
    assert caught.value.code == "bad-batch"


def test_a_collator_without_token_ids_is_refused() -> None:
    def bare(tokenizer: Any, pad_to_multiple_of: int) -> Callable[..., Any]:
        return lambda batch: {"labels": torch.zeros(len(batch))}

    task = number_task(collator=bare)
    with pytest.raises(TaskError, match=r"'numbers': .*\['labels'\]") as caught:
        collate(task, encode_numbers(number_rows(3), None, (), 48), range(3), None, 32)  # type: ignore[arg-type]
    assert caught.value.code == "bad-batch"
