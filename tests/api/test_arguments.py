from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from adaptkit.api import arguments
from adaptkit.errors import ConfigError


@pytest.mark.parametrize(
    ("convert", "value", "expected"),
    [
        (arguments.rates, 1e-4, (1e-4, 1e-4)),
        (arguments.rates, [1e-5, 1e-3], (1e-5, 1e-3)),
        (arguments.rates, np.array([1e-5, 1e-3]), (1e-5, 1e-3)),
        (arguments.rates, None, None),
        (arguments.sizes, 16, (16,)),
        (arguments.sizes, range(8, 33, 8), (8, 16, 24, 32)),
        (arguments.sizes, np.array([8, 16]), (8, 16)),
        (arguments.seconds, "30m", 1800.0),
        (arguments.seconds, "1.5h", 5400.0),
        (arguments.seconds, timedelta(minutes=2), 120.0),
        (arguments.seconds, 90, 90.0),
        (arguments.whole_number, np.int64(8), 8),
        (arguments.whole_number, 8.0, 8),
        (arguments.optional_whole_number, "auto", None),
        (arguments.optional_number, np.float32(0.5), 0.5),
        (arguments.optional_number, 3, 3.0),
        (arguments.text, Path("a/b"), "a/b"),
        (arguments.flag, np.bool_(True), True),
        (arguments.mapping, None, {}),
    ],
)
def test_natural_values_are_converted(convert: Callable[..., Any], value: Any, expected: Any) -> None:
    found = convert("name", value)
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("convert", "value"),
    [
        (arguments.rates, "fast"),
        (arguments.rates, (1e-5, 1e-4, 1e-3)),
        (arguments.rates, ["1e-5", 1e-3]),
        (arguments.rates, True),
        (arguments.sizes, "8,16"),
        (arguments.sizes, [8.5]),
        (arguments.sizes, {8: 16}),
        (arguments.seconds, "soon"),
        (arguments.seconds, object()),
        (arguments.seconds, False),
        (arguments.whole_number, 8.5),
        (arguments.whole_number, True),
        (arguments.whole_number, "8"),
        (arguments.whole_number, float("nan")),
        (arguments.optional_number, "3"),
        (arguments.text, 3),
        (arguments.text, b"a"),
        (arguments.flag, 1),
        (arguments.flag, "yes"),
        (arguments.mapping, ["a"]),
        (arguments.mapping, {1: 2}),
    ],
)
def test_refusals_name_the_argument(convert: Callable[..., Any], value: Any) -> None:
    with pytest.raises(ConfigError, match=r"^the_name = .*\. Expected .* the argument the_name") as refused:
        convert("the_name", value)
    assert refused.value.code == "invalid-argument"


def test_a_device_of_torch_is_its_name() -> None:
    assert arguments.device(torch.device("cpu")) == "cpu"


def test_class_weights_may_be_a_dictionary() -> None:
    assert arguments.class_weights({"a": np.float32(0.5), "é": 2}) == '{"a": 0.5, "é": 2.0}'
    assert arguments.class_weights("balanced") == "balanced"
    assert arguments.class_weights(Path("w.json")) == "w.json"
    assert arguments.class_weights(None) is None
    for wrong in ({"a": "heavy"}, {1: 2.0}, 3):
        with pytest.raises(ConfigError, match=r"^class_weights = "):
            arguments.class_weights(wrong)
