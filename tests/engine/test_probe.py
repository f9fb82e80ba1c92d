from __future__ import annotations

import pytest
import torch
from torch import nn

from adaptkit.engine.probe import all_outputs, shaken, some_tokens


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


@pytest.mark.parametrize("fails", [False, True])
def test_weights_are_shaken_for_a_while_only(fails: bool) -> None:
    layer = nn.Linear(4, 4)
    layer.bias.requires_grad_(False)
    before = {name: parameter.detach().clone() for name, parameter in layer.named_parameters()}
    try:
        with shaken(layer.parameters()):
            assert not (layer.weight == before["weight"]).any()
            assert torch.equal(layer.bias, before["bias"])
            if fails:
                raise ValueError("amid it")
    except ValueError:
        assert fails
    assert torch.equal(layer.weight, before["weight"])
    assert layer.weight.grad is None
