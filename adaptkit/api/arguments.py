"""The values of arguments, converted to those of the configuration; refusals name the argument."""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Iterable, Mapping
from datetime import timedelta
from numbers import Real
from typing import Any, NoReturn, SupportsIndex

from adaptkit.api.durations import FORMS, seconds_in
from adaptkit.data.rows import shortened
from adaptkit.errors import ConfigError

AUTO = "auto"


def refuse(name: str, value: object, expected: str) -> NoReturn:
    """Raise the ConfigError about the value of an argument."""
    raise ConfigError(
        f"{name} = {shortened(value)}",
        expected=expected, next_step=f"Change the argument {name}.", code="invalid-argument",
    )  # fmt: skip


def text(name: str, value: object) -> str:
    """A text or a path as text; raises ConfigError."""
    found = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(found, str):
        refuse(name, value, "a text or a path")
    return str(found)


def optional_text(name: str, value: object) -> str | None:
    """A text or a path as text, or None; raises ConfigError."""
    return None if value is None else text(name, value)


def device(value: object) -> str:
    """The name of a device, which may be given as a `torch.device`; raises ConfigError."""
    return str(value) if type(value).__module__ == "torch" else text("device", value)


def device_names(name: str, value: object) -> tuple[str, ...] | None:
    """The names of devices, in one text with commas or one by one; raises ConfigError."""
    if value is None:
        return None
    if isinstance(value, str):
        return tuple(value.split(","))
    return tuple(device(one) for one in _members(name, value, "the names of devices"))


def whole_number(name: str, value: object) -> int:
    """A whole number, also one of NumPy or 8.0; raises ConfigError."""
    if isinstance(value, SupportsIndex) and not isinstance(value, bool):
        return int(operator.index(value))
    if isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer():
        return int(float(value))
    refuse(name, value, "a whole number")


def optional_whole_number(name: str, value: object) -> int | None:
    """A whole number; None for None and for "auto". Raises ConfigError."""
    if value is None or (isinstance(value, str) and value == AUTO):
        return None
    return whole_number(name, value)


def number(name: str, value: object, expected: str = "a number") -> float:
    """A number, also one of NumPy; raises ConfigError."""
    if isinstance(value, bool) or not isinstance(value, (Real, SupportsIndex)):
        refuse(name, value, expected)
    return float(value)


def optional_number(name: str, value: object) -> float | None:
    """A number or None; raises ConfigError."""
    return None if value is None else number(name, value)


def flag(name: str, value: object) -> bool:
    """True or False, also NumPy's; raises ConfigError."""
    if isinstance(value, bool) or type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    refuse(name, value, "True or False")


def rates(name: str, value: object) -> tuple[float, float] | None:
    """A range of learning rates: one rate, or the lowest and the highest; raises ConfigError."""
    expected = "a rate such as 1e-4, or the lowest and the highest, such as (1e-5, 1e-3)"
    if value is None:
        return None
    if isinstance(value, Real):
        return (number(name, value, expected),) * 2
    found = _members(name, value, expected)
    if len(found) not in (1, 2):
        refuse(name, value, expected)
    both = [number(name, one, expected) for one in found]
    return both[0], both[-1]


def sizes(name: str, value: object) -> tuple[int, ...] | None:
    """Batch sizes: one, or several of them; raises ConfigError."""
    if value is None:
        return None
    if isinstance(value, Real):
        return (whole_number(name, value),)
    return tuple(whole_number(name, one) for one in _members(name, value, "a whole number, or several"))


def seconds(name: str, value: object) -> float | None:
    """A duration in seconds, as a number, a text such as "30m", or a timedelta; raises ConfigError."""
    if value is None:
        return None
    if isinstance(value, timedelta):
        return value.total_seconds()
    found = seconds_in(value) if isinstance(value, str) else value
    if found is None:
        refuse(name, value, f"seconds, or a duration such as {FORMS}")
    return number(name, found, f"seconds, or a duration such as {FORMS}")


def mapping(name: str, value: object) -> dict[str, Any]:
    """A dictionary with names as its keys; empty for None. Raises ConfigError."""
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        refuse(name, value, "a dictionary whose keys are texts")
    return dict(value)


def class_weights(value: object) -> str | None:
    """ "balanced", the path of a file, or a dictionary as JSON; raises ConfigError."""
    if not isinstance(value, Mapping):
        return optional_text("class_weights", value)
    weights = {label: number("class_weights", one) for label, one in mapping("class_weights", value).items()}
    return json.dumps(weights, ensure_ascii=False)


def _members(name: str, value: object, expected: str) -> list[object]:
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable):
        refuse(name, value, expected)
    return list(value)
