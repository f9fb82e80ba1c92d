from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import nn

from adaptkit.engine.patches.first_token import reads_first_token_only

WIDTH = 8


class Head(nn.Module):
    """Linear layers for the first token, and for what ``rest`` makes of all of them."""

    def __init__(self, rest: Callable[[torch.Tensor], torch.Tensor], start: float) -> None:
        super().__init__()
        self.first = nn.Linear(WIDTH, 3)
        self.others = nn.Linear(WIDTH, 3, bias=False)
        nn.init.constant_(self.others.weight, start)
        self.rest = rest

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        return (self.first(hidden[:, 0]) + self.others(self.rest(hidden))).flatten()


def nothing(hidden: torch.Tensor) -> torch.Tensor:
    return torch.zeros(len(hidden), WIDTH)


def first_again(hidden: torch.Tensor) -> torch.Tensor:
    return hidden[:, 0].tanh()


def mean(hidden: torch.Tensor) -> torch.Tensor:
    return hidden.mean(1)


def highest(hidden: torch.Tensor) -> torch.Tensor:
    return hidden.amax(1)


def last(hidden: torch.Tensor) -> torch.Tensor:
    return hidden[:, -1]


def second(hidden: torch.Tensor) -> torch.Tensor:
    return hidden[:, 1]


def detached(hidden: torch.Tensor) -> torch.Tensor:
    """Reads all tokens where no gradient shows it."""
    return hidden[:, 0] * (1 + hidden.detach().mean(1))


def masked_attention(hidden: torch.Tensor) -> torch.Tensor:
    """Pools the first two tokens; the others get -1e9, and so a weight of zero."""
    hidden_ones = torch.tensor([False, False, True, True, True][: hidden.shape[1]])
    weights = hidden.sum(-1).masked_fill(hidden_ones, -1e9).softmax(1)  # [batch, tokens]
    return (weights[..., None] * hidden).sum(1)


def refused(hidden: torch.Tensor) -> torch.Tensor:
    assert hidden.shape[1] == 5
    return hidden[:, 0]


@pytest.mark.parametrize("start", [0.0, 0.3], ids=["from zero", "from something"])
@pytest.mark.parametrize(
    ("rest", "only"),
    [(nothing, True), (first_again, True), (mean, False), (highest, False), (last, False), (second, False),
     (detached, False), (masked_attention, False), (refused, False)],
)  # fmt: skip
def test_what_a_head_reads_is_found_whatever_its_weights(
    rest: Callable[[torch.Tensor], torch.Tensor], only: bool, start: float
) -> None:
    torch.manual_seed(0)
    head, hidden = Head(rest, start), torch.randn(6, 5, WIDTH)
    before = {name: parameter.clone() for name, parameter in head.named_parameters()}
    assert reads_first_token_only(head, head, hidden) is only
    assert all(torch.equal(before[name], parameter) for name, parameter in head.named_parameters())


def test_a_head_for_each_token_reads_all() -> None:
    head = nn.Linear(WIDTH, 3)
    assert not reads_first_token_only(head, lambda hidden: head(hidden).flatten(), torch.randn(6, 5, WIDTH))


def test_a_head_with_constant_outputs_shows_nothing() -> None:
    def silent(hidden: torch.Tensor) -> torch.Tensor:
        return torch.zeros(len(hidden))

    assert not reads_first_token_only(nn.Linear(1, 1), silent, torch.randn(6, 5, WIDTH))


@pytest.mark.parametrize("rest", [nothing, mean])
def test_a_masked_answer_hides_nothing(rest: Callable[[torch.Tensor], torch.Tensor]) -> None:
    head = Head(rest, 0.3)

    def masked(hidden: torch.Tensor) -> torch.Tensor:
        return torch.cat([head(hidden), torch.tensor([-1e9, torch.finfo(torch.float32).min])])

    assert reads_first_token_only(head, masked, torch.randn(6, 5, WIDTH)) is (rest is nothing)
