from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn
from torch.func import vmap

from adaptkit.engine.patches.dropout import dropout, use_dropout
from adaptkit.engine.types import Trial
from tests.helpers.models import FAMILIES
from tests.helpers.number_task import number_rows
from tests.helpers.populations import last_slots, make_training


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


def test_slots_under_vmap_have_their_own_draws() -> None:
    found = vmap(lambda x: dropout(x, 0.5, True), randomness="different")(torch.ones(2, 200))
    assert not torch.equal(found[0], found[1])
    assert float((found == 0).float().mean()) == pytest.approx(0.5, abs=0.15)


def test_what_slots_share_under_vmap_each_drops_for_itself() -> None:
    shared = torch.ones(300)
    found = vmap(lambda x: x + dropout(shared, 0.5, True), randomness="different")(torch.zeros(2, 1))
    assert not torch.equal(found[0], found[1])
    assert float((found == 0).float().mean()) == pytest.approx(0.5, abs=0.15)


def test_gradients_pass_under_vmap_where_values_did() -> None:
    x = torch.ones(3, 50, requires_grad=True)
    found = vmap(lambda one: dropout(one, 0.3, True), randomness="different")(x)
    found.sum().backward()
    assert x.grad is not None
    assert torch.equal(x.grad, found.detach())


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
@pytest.mark.parametrize("family", FAMILIES)
def test_slots_together_train_with_dropout(family: str, strategy: str, tiny_model: Any) -> None:
    loaded = tiny_model(family, dropout=0.3)
    training = make_training(loaded, strategy, "token-classification", number_rows(12))
    trials = [Trial(number=n, learning_rate=1e-3, batch_size=4, epochs=1, seed=1) for n in range(2)]
    slots = last_slots(training, trials, together=2)
    assert all(bool(slot.isfinite().all()) for slot in slots.values())
    assert not torch.equal(slots[0], slots[1]), "the same data, and dropout of their own"


def test_every_dropout_is_replaced_and_copies_are_independent() -> None:
    module = nn.Sequential(nn.Linear(4, 4), nn.Dropout(0.5), nn.Sequential(nn.Dropout(0.25)))
    use_dropout(module)
    copied = copy.deepcopy(module).eval()
    x = torch.ones(50, 4)
    assert torch.equal(copied(x), copied(x))
    assert not torch.equal(module(x), module(x))
