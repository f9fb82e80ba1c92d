from __future__ import annotations

from typing import Any

import pytest

from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from tests.helpers.models import FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_every_parameter_trains(family: str, tiny_model: Any) -> None:
    loaded = tiny_model(family)
    loaded.module.requires_grad_(False)
    module = adapted(loaded, built_in("full", 4))
    assert module is loaded.module
    assert all(parameter.requires_grad for parameter in module.parameters())
