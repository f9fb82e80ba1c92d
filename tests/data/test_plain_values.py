from __future__ import annotations

import datetime
import enum
import json
import math
import uuid
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from adaptkit.data.plain_values import plain


class Mood(enum.Enum):
    GLAD = "glad"


@dataclass
class Span:
    start: int
    label: str


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("text", "text"),
        (np.str_("text"), "text"),
        (True, True),
        (np.bool_(False), False),
        (np.int64(3), 3),
        (np.float32(0.5), 0.5),
        (math.nan, None),
        (np.float64("nan"), None),
        (pd.NA, None),
        (pd.NaT, None),
        (None, None),
        (np.array([["a"], ["b"]]), [["a"], ["b"]]),
        (np.array(["a", None], dtype=object), ["a", None]),
        (torch.tensor([1, 2]), [1, 2]),
        (("a", 1), ["a", 1]),
        ({"b", "a"}, ["a", "b"]),
        ({1: {"x": np.int8(2)}}, {"1": {"x": 2}}),
        (Mood.GLAD, "glad"),
        (Span(0, "PER"), {"start": 0, "label": "PER"}),
        (datetime.date(2026, 1, 2), "2026-01-02"),
        (pd.Timestamp("2026-01-02"), "2026-01-02 00:00:00"),
        (Decimal("1.50"), "1.50"),
        (uuid.UUID(int=0), "00000000-0000-0000-0000-000000000000"),
        (Path("a/b"), "a/b"),
        (pd.Series(["a", "b"]), ["a", "b"]),
    ],
)
def test_values_of_libraries_become_plain(value: Any, expected: Any) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("value", [object(), b"bytes", lambda: 0, np.array, [b"bytes"], math.inf, 1 + 2j])
def test_what_json_cannot_have_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"which rows cannot have|not finite"):
        plain(value)
