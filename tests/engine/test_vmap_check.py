from __future__ import annotations

import re
from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.engine.vmap_check import vmap_check
from tests.helpers.models import FAMILIES
from tests.helpers.number_task import number_rows
from tests.helpers.populations import HEADS, unchecked_training


class Branching(nn.Module):
    """Looks at its numbers before it decides what to do."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, hidden: torch.Tensor) -> Any:
        if hidden.abs().max() > 1e9:
            return self.inner(-hidden)
        return self.inner(hidden)


class Outside(nn.Module):
    """Takes its numbers out of torch and back."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, hidden: torch.Tensor) -> Any:
        return self.inner(hidden) + float(hidden.mean().item())


class Remembering(nn.Module):
    """Adds what it saw before."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.calls = 0

    def forward(self, hidden: torch.Tensor) -> Any:
        self.calls += 1
        return self.inner(hidden) + 0.1 * self.calls


class _Mixed(torch.autograd.Function):
    """Right alone; together with others it gives every slot what is all slots' mean."""

    @staticmethod
    def forward(hidden: torch.Tensor) -> torch.Tensor:
        return hidden.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        pass

    @staticmethod
    def vmap(info: Any, in_dims: Any, hidden: torch.Tensor) -> Any:
        return hidden.mean(in_dims[0], keepdim=True).expand(hidden.shape).clone(), in_dims[0]


class Mixing(nn.Module):
    """Lets the slots of a population see one another."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, hidden: torch.Tensor) -> Any:
        return _Mixed.apply(self.inner(hidden))


def with_head(kind: Any, tiny_model: Any) -> Any:
    training = unchecked_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    module: Any = training.forward.module
    plain = module.classifier
    module.classifier = kind(plain)
    from dataclasses import replace

    from adaptkit.engine.trial_stack import layout_of, read_slot

    layout = layout_of(module)
    return replace(training, layout=layout, initial=read_slot(module, layout))


UNBATCHED = r"the model cannot be batched over trials: RuntimeError: vmap"
DIFFERENT = r"outputs differ by \d\.\de[-+]\d+ from those of each trial alone"


@pytest.mark.parametrize(
    ("kind", "reason"),
    [(Branching, UNBATCHED), (Outside, UNBATCHED), (Remembering, DIFFERENT), (Mixing, DIFFERENT)],
)
def test_slots_together_that_are_not_slots_alone_are_found(kind: Any, reason: str, tiny_model: Any) -> None:
    found = vmap_check(with_head(kind, tiny_model))
    assert found.training is None
    assert re.match(reason, found.reason), found.reason
    assert len(found.reason) < 300
    assert "\n" not in found.reason


def test_the_same_model_without_the_trap_passes(tiny_model: Any) -> None:
    found = vmap_check(with_head(nn.Sequential, tiny_model))
    assert found.training is not None
    assert not found.reason


@pytest.mark.parametrize("strategy", ["full", "lora", "frozen"])
@pytest.mark.parametrize("family", FAMILIES)
def test_the_supported_families_pass_the_check(family: str, strategy: str, tiny_model: Any) -> None:
    head = "sequence-classification"
    training = unchecked_training(tiny_model(family, HEADS[head]), strategy, head, number_rows(30, head))
    assert vmap_check(training).training is not None


@pytest.mark.parametrize("mode", [True, False])
def test_the_check_leaves_the_model_as_it_was(mode: bool, tiny_model: Any) -> None:
    training = unchecked_training(
        tiny_model("bert", dropout=0.5), "full", "token-classification", number_rows(30)
    )
    module = training.forward.module.train(mode)
    before = {name: p.clone() for name, p in module.named_parameters()}
    assert vmap_check(training).training is not None, "it is checked without dropout"
    assert module.training is mode
    assert all(torch.equal(before[name], p) for name, p in module.named_parameters())


def test_the_check_is_in_float32_and_keeps_the_precision(tiny_model: Any) -> None:
    from dataclasses import replace

    training = unchecked_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    half = replace(training, forward=replace(training.forward, bfloat16=True))
    found = vmap_check(half).training
    assert found is not None
    assert found.forward.bfloat16


def test_two_slots_that_do_not_fit_are_the_reason(tiny_model: Any) -> None:
    from dataclasses import replace

    training = unchecked_training(tiny_model("bert"), "full", "token-classification", number_rows(30))
    huge = torch.zeros(1).expand(2**48)  # [P], without its memory
    assert vmap_check(replace(training, initial=huge)).reason == "two trials do not fit into memory"
