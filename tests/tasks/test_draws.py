from __future__ import annotations

import pytest
import torch

from adaptkit import uniform_numbers


def test_numbers_depend_on_seed_place_and_stream_alone() -> None:
    seeds = torch.tensor([[3, 5], [7, 3]])
    numbers = uniform_numbers(seeds, 6)
    assert numbers.shape == (2, 2, 6)
    assert torch.equal(numbers[0, 0], numbers[1, 1])
    assert torch.equal(uniform_numbers(seeds[1], 9)[..., :6], numbers[1])
    assert not torch.isclose(uniform_numbers(seeds, 6, stream=1), numbers).any()


def test_numbers_are_uniform_and_neighbours_do_not_resemble() -> None:
    numbers = uniform_numbers(torch.arange(4000), 25)
    assert (numbers >= 0).all()
    assert (numbers < 1).all()
    assert numbers.mean().item() == pytest.approx(0.5, abs=0.01)
    assert torch.histc(numbers, 10, 0, 1).std().item() < 300  # of 10,000 in each
    pairs = torch.corrcoef(torch.stack([numbers[:-1].flatten(), numbers[1:].flatten()]))
    assert abs(pairs[0, 1].item()) < 0.02
    along = torch.corrcoef(torch.stack([numbers[:, :-1].flatten(), numbers[:, 1:].flatten()]))
    assert abs(along[0, 1].item()) < 0.02
