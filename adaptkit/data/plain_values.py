"""Values of rows given in Python, as JSON has them: those of NumPy, pandas and the standard library."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from adaptkit.data.rows import shortened

MISSING = ("NAType", "NaTType")
"""The types of pandas' missing values, by name: pandas need not be installed."""

AS_TEXT = (date, datetime, time, timedelta, Decimal, UUID)


def plain(value: object) -> Any:
    """The value as JSON has it; missing values of pandas and NumPy are None.

    Raises:
        ValueError: JSON has no such value.
    """
    if value is None or type(value) in (str, bool, int):
        return value
    if isinstance(value, float):
        return _number(float(value))
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int):
        return int(value)
    if isinstance(value, Mapping):
        return {str(plain(key)): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(inner) for inner in value), key=str)
    return _of_a_library(value)


def _number(value: float) -> float | None:
    if math.isinf(value):
        raise ValueError(f"the number {value} is not finite")
    return None if math.isnan(value) else value


def _of_a_library(value: object) -> Any:
    if type(value).__name__ in MISSING:
        return None
    if isinstance(value, AS_TEXT):
        return str(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if is_dataclass(value) and not isinstance(value, type):
        return plain(asdict(value))
    to_list = getattr(value, "tolist", None)  # scalars and arrays of NumPy and torch, and pandas' Series
    if to_list is None or isinstance(value, type):
        kind = type(value).__name__
        raise ValueError(f"{shortened(value)} is a value of type {kind}, which rows cannot have")
    inner = to_list()
    if type(inner) is type(value):
        raise ValueError(f"{shortened(value)} cannot be converted to plain Python values")
    return plain(inner)
