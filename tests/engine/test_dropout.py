from __future__ import annotations

import copy

import pytest
import torch
from torch import nn
from torch.func import vmap

from adaptkit.engine.dropout import dropout, use_dropout


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5])
def test_the_share_is_dropped_and_the_mean_is_kept(share: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(1000, 999)
    found = dropout(x, share, True)
    assert float((found == 0).float().mean()) == pytest.approx(share, abs=2e-3)
    assert float(found.mean()) == pytest.approx(1.0, abs=3e-3)
    assert found.unique().tolist() == pytest.approx([0.0, 1 / (1 - share)], rel=1e-4)


def test_neighbours_are_dropped_independently() -> None:
    torch.manual_seed(0)
    dropped = (dropout(torch.ones(4_000_000), 0.5, True) == 0).float()
    for apart in (1, 2, 3, 4, 5):
        both = float((dropped[apart:] * dropped[:-apart]).mean())
        assert both == pytest.approx(0.25, abs=2e-3)


def test_gradients_pass_where_values_did() -> None:
    x = torch.ones(500, requires_grad=True)
    found = dropout(x, 0.3, True)
    found.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, found.detach())


def test_in_scoring_and_at_the_ends_nothing_is_drawn() -> None:
    x = torch.randn(7, 3)
    assert torch.equal(dropout(x, 0.5, False), x)
    assert torch.equal(dropout(x, 0.0, True), x)
    assert not dropout(x, 1.0, True).any()


def test_draws_follow_torchs_seed() -> None:
    x = torch.ones(100)
    torch.manual_seed(3)
    one = dropout(x, 0.5, True)
    other = dropout(x, 0.5, True)
    torch.manual_seed(3)
    assert torch.equal(dropout(x, 0.5, True), one)
    assert not torch.equal(one, other)


def test_rows_under_vmap_have_draws_of_their_own() -> None:
    found = vmap(lambda x: dropout(x, 0.5, True), randomness="different")(torch.ones(2, 200))
    assert not torch.equal(found[0], found[1])
    assert float((found == 0).float().mean()) == pytest.approx(0.5, abs=0.15)


def test_every_dropout_of_a_module_is_replaced_and_a_copy_has_its_own_state() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.25)))
    use_dropout(module)
    copied = copy.deepcopy(module).eval()
    x = torch.ones(50, 4)
    assert torch.equal(copied(x), copied(x))
    assert not torch.equal(module(x), module(x))
