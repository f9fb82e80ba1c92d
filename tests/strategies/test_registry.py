from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from adaptkit.errors import ConfigError, TaskError
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in, load


def test_the_built_in_strategies_are_always_there() -> None:
    assert load("lora").options == {"rank": 8}
    assert load("adaptkit:lora", {"rank": "3"}).options == {"rank": 3}
    assert [load(name).trains_encoder for name in ("frozen", "lora", "full")] == [False, True, True]
    assert [load(name).saved_as for name in ("frozen", "lora", "full")] == ["model", "adapter", "model"]


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("ful", {}, "no strategy 'ful' is installed. Expected 'full'"),
        ("full", {"rank": 4}, "unknown option 'rank'"),
        ("lora", {"rank": "many"}, "option 'rank' cannot be 'many'"),
    ],
)
def test_what_is_wrong_is_named(name: str, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(TaskError, match=problem):
        load(name, options)


def test_a_head_without_parameters_leaves_nothing_to_train(tiny_model: Any) -> None:
    loaded = tiny_model("bert")
    loaded.module.classifier = type(loaded.module.dropout)(0.0)
    with pytest.raises(ConfigError, match="nothing to train"):
        adapted(replace(loaded, newly_initialized=frozenset()), built_in("frozen"))
