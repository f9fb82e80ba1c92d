"""Values as programs write them: numbers with a decimal point, lists as text. For plugin authors."""

from __future__ import annotations

import ast
import io
import json
import math
import re
import tokenize
from itertools import pairwise
from typing import Any

_WHOLE = re.compile(r"([+-]?\d+)\.0+")
_BRACKETS = {"[": "]", "{": "}", "(": ")"}
_VALUE_TOKENS = (tokenize.STRING, tokenize.NUMBER, tokenize.NAME)


def plain_number(value: object) -> object:
    """The value; a float that is a whole number as an integer, and the text of one, ``"1.0"``, as ``"1"``."""
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        return int(value)
    if isinstance(value, str) and (match := _WHOLE.fullmatch(value.strip())):
        return str(int(match[1]))
    return value


def is_written_list(value: object) -> bool:
    """Whether a value is a text that looks like a list or a dictionary."""
    text = value.strip() if isinstance(value, str) else ""
    return len(text) >= 2 and _BRACKETS.get(text[0]) == text[-1]


def read_written(value: Any, name: str) -> Any:
    """The list or dictionary that a text holds, in JSON or as Python prints it; any other value unchanged.

    Args:
        value: the value.
        name: its name, for the error.

    Raises:
        ValueError: the text looks like a list or a dictionary, but is none.
    """
    if not is_written_list(value):
        return value
    text = value.strip()
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
        found = None
    if found is None or _has_neighbours(text):
        raise ValueError(
            f"{name} = {value!r:.80}: a list or dictionary written as text that cannot be read; "
            "expected JSON or Python's notation, with a comma after each item"
        )
    return found


def _has_neighbours(text: str) -> bool:
    """Whether two values follow each other without a comma, as NumPy prints them: Python joins such texts."""
    tokens = [
        token.type
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in (tokenize.NL, tokenize.NEWLINE)
    ]
    return any(one in _VALUE_TOKENS and other in _VALUE_TOKENS for one, other in pairwise(tokens))
