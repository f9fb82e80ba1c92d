from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from adaptkit.engine.patches.probe import alike, all_outputs, shaken, some_tokens, with_noise


def test_some_tokens_are_the_same_each_time_and_have_padding() -> None:
    ids, mask = some_tokens(40, torch.device("cpu"))
    assert ids.shape == mask.shape == (16, 16)
    assert ids.min() >= 0
    assert ids.max() < 40
    assert set(mask.sum(1).tolist()) == {9, 16}
    assert torch.equal(ids, some_tokens(40, torch.device("cpu"))[0])


def test_all_outputs_are_those_of_scoring() -> None:
    class Model(nn.Module):
        def forward(self, x: torch.Tensor) -> dict[str, object]:
            return {"logits": nn.functional.dropout(x, 0.5, self.training), "states": None, "sums": x.sum(1)}

    x = torch.arange(6.0).view(2, 3)
    assert all_outputs(Model().train(), x=x).tolist() == [0, 1, 2, 3, 4, 5, 3, 12]


def test_weights_are_shaken_for_a_while_only() -> None:
    layer = nn.Linear(4, 4)
    layer.bias.requires_grad_(False)
    before = {name: parameter.detach().clone() for name, parameter in layer.named_parameters()}
    with shaken(layer.parameters()):
        assert not (layer.weight == before["weight"]).any()
        assert torch.equal(layer.bias, before["bias"])
    assert torch.equal(layer.weight, before["weight"])


def test_weights_are_put_back_after_a_failure_too() -> None:
    layer = nn.Linear(4, 4)
    before = layer.weight.detach().clone()
    with pytest.raises(ValueError, match="amid it"), shaken(layer.parameters()):
        raise ValueError("amid it")
    assert torch.equal(layer.weight, before)


@pytest.mark.parametrize(
    ("changed", "same"),
    [([-1e9, 0.5, 2.0], True), ([-1e9, 0.501, 2.0], False), ([-1.1e9, 0.5, 2.0], False),
     ([-1e9, 0.5 + 1e-5, 2.0], True), ([-1e9, math.nan, 2.0], False), ([-1e9, 0.5], False)],
)  # fmt: skip
def test_a_large_number_hides_no_small_one(changed: list[float], same: bool) -> None:
    assert alike(torch.tensor(changed), torch.tensor([-1e9, 0.5, 2.0])) is same


def test_noise_is_in_the_named_tokens_only() -> None:
    states = torch.randn(3, 4, 5, generator=torch.Generator().manual_seed(1))
    found = with_noise(states, slice(1, None))
    assert torch.equal(found[:, :1], states[:, :1])
    assert not (found[:, 1:] == states[:, 1:]).any()
