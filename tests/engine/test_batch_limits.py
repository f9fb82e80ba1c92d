from __future__ import annotations

import pytest
import torch

from adaptkit.engine.batch_limits import OUT_OF_MEMORY, Passes, is_out_of_memory
from tests.engine.populations import allocate_too_much


def test_what_torch_raises_when_memory_runs_out_is_told() -> None:
    with pytest.raises(OUT_OF_MEMORY) as raised:
        allocate_too_much()
    assert is_out_of_memory(raised.value)


def test_what_python_raises_when_memory_runs_out_is_told() -> None:
    with pytest.raises(MemoryError) as raised:
        bytearray(2**62)
    assert is_out_of_memory(raised.value)


def test_another_error_is_no_lack_of_memory() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.ones(2, 3) @ torch.ones(2, 3)
    assert not is_out_of_memory(raised.value)


def test_rows_are_halved_first_then_examples() -> None:
    passes = Passes(rows=5, examples=4)
    sizes = []
    while passes.retreat(passes.examples):
        sizes.append((passes.rows, passes.examples))
    assert sizes == [(2, 4), (1, 4), (1, 2), (1, 1)]
    assert passes.retreats == 4
    assert not passes.retreat(1)
    assert (passes.rows, passes.examples) == (1, 1)


def test_what_is_halved_is_what_did_not_fit() -> None:
    passes = Passes(rows=1, examples=64, tokens=1024)
    assert passes.retreat(passes.examples_of(32, 2))
    assert passes.examples == 8


def test_many_short_examples_or_few_long_ones_fit_into_a_pass() -> None:
    passes = Passes(rows=1, examples=64, tokens=512)
    assert [passes.examples_of(length, 1) for length in (4, 8, 16, 100, 512, 1000)] == [64, 64, 32, 5, 1, 1]


def test_trials_of_one_pass_share_its_tokens() -> None:
    passes = Passes(rows=8, examples=64, tokens=512)
    assert [passes.examples_of(8, rows) for rows in (1, 2, 8, 100)] == [64, 32, 8, 1]


def test_scoring_retreats_on_its_own() -> None:
    passes = Passes(rows=4, examples=8)
    shrinks = []
    while passes.retreat_scoring():
        shrinks.append((passes.scoring_shrink, passes.rows))
    assert shrinks[0] == (4, 4)
    assert [rows for _, rows in shrinks][-3:] == [4, 2, 1]
    assert passes.examples == 8
    assert not passes.retreat_scoring()
