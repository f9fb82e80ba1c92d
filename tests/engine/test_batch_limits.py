from __future__ import annotations

import pytest
import torch

from adaptkit.engine.batch_limits import OUT_OF_MEMORY, BatchLimits, is_out_of_memory
from tests.helpers.populations import allocate_too_much


def test_what_torch_raises_out_of_memory_is_recognised() -> None:
    with pytest.raises(OUT_OF_MEMORY) as raised:
        allocate_too_much()
    assert is_out_of_memory(raised.value)


def test_what_python_raises_out_of_memory_is_recognised() -> None:
    with pytest.raises(MemoryError) as raised:
        bytearray(2**62)
    assert is_out_of_memory(raised.value)


def test_another_error_is_no_lack_of_memory() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.ones(2, 3) @ torch.ones(2, 3)
    assert not is_out_of_memory(raised.value)


def test_slots_are_halved_first_then_examples() -> None:
    limits = BatchLimits(slots=5, examples=4)
    sizes = []
    while limits.shrink(limits.examples):
        sizes.append((limits.slots, limits.examples))
    assert sizes == [(2, 4), (1, 4), (1, 2), (1, 1)]
    assert limits.times_shrunk == 4
    assert not limits.shrink(1)
    assert (limits.slots, limits.examples) == (1, 1)


def test_what_is_halved_is_what_did_not_fit() -> None:
    limits = BatchLimits(slots=1, examples=64, tokens=1024)
    assert limits.shrink(limits.examples_of(32, 2))
    assert limits.examples == 8


def test_many_short_examples_or_few_long_ones_fit_into_a_pass() -> None:
    limits = BatchLimits(slots=1, examples=64, tokens=512)
    assert [limits.examples_of(length, 1) for length in (4, 8, 16, 100, 512, 1000)] == [64, 64, 32, 5, 1, 1]


def test_trials_of_one_pass_share_its_tokens() -> None:
    limits = BatchLimits(slots=8, examples=64, tokens=512)
    assert [limits.examples_of(8, slots) for slots in (1, 2, 8, 100)] == [64, 32, 8, 1]


def test_scoring_retreats_on_its_own() -> None:
    limits = BatchLimits(slots=4, examples=8)
    shrinks = []
    while limits.shrink_scoring():
        shrinks.append((limits.scoring_shrink, limits.slots))
    assert shrinks[0] == (4, 4)
    assert [slots for _, slots in shrinks][-3:] == [4, 2, 1]
    assert limits.examples == 8
    assert not limits.shrink_scoring()
