from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import nn

from adaptkit.engine.patches.probe import (
    alike,
    all_outputs,
    depends_on_first_only,
    perturbed,
    some_tokens,
    varied,
)


def states(requires_grad: bool = True) -> torch.Tensor:
    drawn = torch.randn(6, 5, 8, generator=torch.Generator().manual_seed(1))
    return drawn.requires_grad_(requires_grad)


def test_some_tokens_are_always_the_same_and_have_padding() -> None:
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


def test_weights_are_perturbed_within_the_block_only() -> None:
    layer = nn.Linear(4, 4)
    layer.bias.requires_grad_(False)
    before = {name: parameter.detach().clone() for name, parameter in layer.named_parameters()}
    with perturbed(layer.parameters()):
        assert not (layer.weight == before["weight"]).any()
        assert torch.equal(layer.bias, before["bias"])
    assert torch.equal(layer.weight, before["weight"])


def test_weights_are_restored_after_an_error() -> None:
    layer = nn.Linear(4, 4)
    before = layer.weight.detach().clone()
    with pytest.raises(ValueError, match="within it"), perturbed(layer.parameters()):
        raise ValueError("within it")
    assert torch.equal(layer.weight, before)


@pytest.mark.parametrize(
    ("changed", "same"),
    [([-1e9, 0.5, 2.0], True), ([-1e9, 0.501, 2.0], False), ([-1.1e9, 0.5, 2.0], False),
     ([-1e9, 0.5 + 1e-5, 2.0], True), ([-1e9, math.nan, 2.0], False), ([-1e9, 0.5], False)],
)  # fmt: skip
def test_a_large_number_hides_no_small_one(changed: list[float], same: bool) -> None:
    assert alike(torch.tensor(changed), torch.tensor([-1e9, 0.5, 2.0])) is same


def test_draw_0_is_the_states_and_the_others_differ() -> None:
    given = states()
    assert varied(given, 0) is given
    drawn = [varied(given, draw) for draw in (1, 2)]
    assert not torch.equal(*drawn)
    for one in drawn:
        assert not (one == given).any()
        assert (one - given).detach().std() == pytest.approx(given.detach().std().item(), rel=0.2)
        assert torch.autograd.grad(one.sum(), given)[0].all()


@pytest.mark.parametrize(
    ("outputs", "only"),
    [
        (lambda hidden: hidden[:, 0].tanh(), True),
        (lambda hidden: hidden[:, 0] + 1e-30 * hidden[:, 1], False),
        (lambda hidden: torch.cat([hidden[:, 0], torch.full((6, 8), -1e9)]), True),
        (lambda hidden: torch.cat([hidden.mean(1), torch.full((6, 8), -1e9)]), False),
        (lambda hidden: hidden.mean(1) - 1e9, False),
        (lambda hidden: hidden[:, 1], False),
        (lambda hidden: hidden.detach()[:, 0], False),
        (lambda hidden: hidden[:, 0] + math.nan * hidden[:, 1], False),
    ],
    ids=["first", "faint", "masked", "mean masked", "mean absorbed", "second", "no gradient", "nan"],
)
def test_the_gradient_shows_which_states_are_read(
    outputs: Callable[[torch.Tensor], torch.Tensor], only: bool
) -> None:
    given = states()
    assert depends_on_first_only(outputs(given).flatten(), [given], 0) is only


def test_each_of_several_states_is_checked() -> None:
    one, other = states(), states()
    outputs = (one[:, 0] + other.sum(1)).flatten()
    assert depends_on_first_only(outputs, [one], 1)
    assert not depends_on_first_only(outputs, [one, other], 1)
    assert not depends_on_first_only(outputs, [], 1), "nothing was checked"


def test_a_state_that_is_not_read_shows_nothing() -> None:
    one, other = states(), states()
    assert depends_on_first_only(one[:, 0].flatten(), [one, other], 0)
    assert not depends_on_first_only(one[:, 0].flatten(), [other], 0)
