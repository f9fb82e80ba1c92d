"""The kit accepts the built-in strategies, and finds defects."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch

from adaptkit.strategies.registry import built_in
from adaptkit.testing import check_strategy


def problems(strategy: Any) -> dict[str, str]:
    """Failed check → its problem."""
    return {one.check: one.problem for one in check_strategy(strategy) if one.state == "failed"}


@pytest.mark.parametrize("name", ["frozen", "lora", "full"])
def test_the_built_in_strategies_conform(name: str) -> None:
    assert problems(built_in(name, 2)) == {}


def test_unknown_parameters() -> None:
    found = problems(replace(built_in("full"), trained=lambda model: ["encoder.nothing"]))
    assert set(found) == {
        f"{name}: what trains" for name in ("bert", "roberta", "distilbert", "modernbert", "deberta-v2")
    }
    assert "names 'encoder.nothing', which the model does not have" in found["bert: what trains"]


def test_a_strategy_that_exits_or_trains_nothing() -> None:
    def leaves(model: Any) -> Any:
        raise SystemExit(3)

    assert "it called sys.exit(3)" in problems(replace(built_in("full"), trained=leaves))["bert: what trains"]
    found = problems(replace(built_in("full"), trained=lambda model: model.head))
    assert "names no parameter inside the encoder" in found["bert: what trains"]


def test_a_head_that_does_not_train_and_random_starts() -> None:
    def encoder_only(model: Any) -> torch.nn.Module:
        for name, parameter in model.module.named_parameters():
            parameter.requires_grad_(name not in model.head)
        return model.module  # type: ignore[no-any-return]

    changed = replace(built_in("full"), trained=None, adapt=encoder_only, merged=lambda module: module)
    assert "the head does not train" in problems(changed)["bert: what trains"]


def test_parts_of_the_wrong_type() -> None:
    found = problems(replace(built_in("full"), trained=3, saved_as="zip"))
    assert "trained is 3" in found["parts"]
    assert "saved_as is 'zip'" in found["parts"]
