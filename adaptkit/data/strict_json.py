"""Parses JSON more strictly than Python: refuses NaN, infinity, repeated keys and unpaired surrogates."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any

from adaptkit.data.rows import shortened


class Parser:
    """Parses one JSON object at a time and collects its problems, so that parsing can continue."""

    def __init__(self) -> None:
        self._problems: list[str] = []
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object, parse_float=self._number, parse_constant=self._constant
        )

    def parse(self, text: str, start: int) -> tuple[Any, str, int]:
        """(value, its problems, its end); raises ValueError or RecursionError."""
        self._problems.clear()
        values, end = self._decoder.raw_decode(text, start)
        if "\\u" in text[start:end] and _has_unpaired_surrogate(values):
            self._problems.append("an unpaired surrogate (\\ud800 to \\udfff), which is not a character")
        return values, "; ".join(self._problems), end

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
            self._problems.append(f"the key {shortened(twice)} occurs twice")
        return values

    def _number(self, digits: str) -> float:
        value = float(digits)
        if math.isinf(value):
            self._problems.append(f"the number {digits} is too large")
        return value

    def _constant(self, name: str) -> None:
        self._problems.append(f"{name} is not a JSON value")


def _has_unpaired_surrogate(values: Any) -> bool:
    try:
        json.dumps(values, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


def in_words(error: Exception) -> str:
    """What is wrong with a text that could not be parsed."""
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} (line {error.lineno}, character {error.colno})"
    return f"not JSON: {error}"
