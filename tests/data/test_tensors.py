"""Narrow tensors read as what the collator gave, in fewer bytes."""

import pytest
import torch

from adaptkit.data.tensors import Tensors, narrowed, stacked

GIVEN = {
    "input_ids": torch.tensor([[1, 40_000], [2, 3], [5, 0]]),
    "attention_mask": torch.tensor([[1, 1], [1, 1], [1, 0]]),
    "scores": torch.tensor([0.5, 1.5, 2.5]),
    "flags": torch.tensor([True, False, True]),
}


def narrow() -> Tensors:
    return Tensors(
        {name: narrowed(tensor) for name, tensor in GIVEN.items()},
        {name: tensor.dtype for name, tensor in GIVEN.items()},
    )


def same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> bool:
    return list(found) == list(expected) and all(
        torch.equal(found[name], expected[name]) and found[name].dtype == expected[name].dtype
        for name in found
    )


@pytest.mark.parametrize("its", [narrow(), Tensors(GIVEN)])
def test_they_read_as_what_was_given(its: Tensors) -> None:
    assert same(dict(its), GIVEN)
    for places in (slice(1, 3), torch.tensor([2, 0]), torch.tensor([[0, 1], [2, 2]])):
        assert same(its.at(places), {name: tensor[places] for name, tensor in GIVEN.items()})
    assert same(
        dict(its.only(["flags", "input_ids"])), {name: GIVEN[name] for name in ("flags", "input_ids")}
    )
    more = {"features": torch.zeros(3, 4, dtype=torch.float16)}
    assert same(dict(its.joined(more)), {**GIVEN, **more})
    assert same(dict(its.to(torch.device("cpu"))), GIVEN)
    assert its.device == torch.device("cpu")


def test_equal_numbers_are_stored_as_one() -> None:
    ones, others = torch.ones(3, 4, dtype=torch.int8), torch.zeros(2, 4, dtype=torch.int8)
    alike = stacked([ones, ones])
    assert torch.equal(alike, torch.ones(6, 4, dtype=torch.int8))
    assert alike.untyped_storage().nbytes() <= 2
    assert torch.equal(stacked([ones, others]), torch.cat([ones, others]))
    assert stacked([torch.zeros(3), torch.zeros(1)]).tolist() == [0.0] * 4
    assert stacked([torch.tensor([True]), torch.tensor([True])]).tolist() == [True, True]
    its = Tensors({"mask": alike}, {"mask": torch.int64})
    assert torch.equal(its.at(torch.tensor([5, 0]))["mask"], torch.ones(2, 4, dtype=torch.int64))
    assert torch.equal(its.take(torch.tensor([5, 0]))["mask"], torch.ones(2, 4, dtype=torch.int64))


def test_whole_numbers_take_few_bytes() -> None:
    kinds = {name: tensor.dtype for name, tensor in narrow()._stored.items()}
    assert kinds == {
        "input_ids": torch.int32, "attention_mask": torch.int8, "scores": torch.float32, "flags": torch.bool
    }  # fmt: skip


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([], torch.int8), ([-100, 2], torch.int8), ([-129], torch.int16), ([1 << 20], torch.int32),
        ([1 << 40], torch.int64),
    ],
)  # fmt: skip
def test_the_smallest_type_that_holds_all(values: list[int], kind: torch.dtype) -> None:
    found = narrowed(torch.tensor(values, dtype=torch.int64))
    assert found.dtype == kind
    assert found.tolist() == values
