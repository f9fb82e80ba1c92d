"""Two values for a message: as plain text, and shortened around the place where they first differ."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

BEFORE = 20
"""As many characters before the first difference are shown."""


def differing(first: Any, second: Any, most: int = 60) -> tuple[str, str]:
    """Both values, each in about ``most`` characters; of longer ones the part where they first differ."""
    ours, theirs = _plain(first), _plain(second)
    if ours == theirs:
        ours, theirs = repr(first), repr(second)
    places = (at for at, (one, other) in enumerate(zip_longest(ours, theirs)) if one != other)
    start = max(0, next(places, 0) - BEFORE) if max(len(ours), len(theirs)) > most else 0
    return _part(first, ours, start, most), _part(second, theirs, start, most)


def _part(value: Any, text: str, start: int, most: int) -> str:
    """The text from ``start`` on; that of a string is quoted."""
    start = max(0, min(start, len(text) - most))
    if isinstance(value, str) and len(text) <= most:
        return repr(value)
    end = start + most
    part = f"{'…' if start else ''}{text[start:end].strip()}{'…' if end < len(text) else ''}"
    return f"'{part}'" if isinstance(value, str) else part


def _plain(value: Any) -> str:
    """The value as text without brackets; control characters are visible, and nothing is "none"."""
    if isinstance(value, str):
        return repr(value)[1:-1]
    if isinstance(value, Mapping):
        return " ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_plain, value)) or "none"
    return str(value)
