"""What is wrong with the values of a configuration, in words, from pydantic's errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

PARTS = ("data", "search")
"""The keys that hold a part of the configuration."""
MISSING = object()

Written: TypeAlias = Callable[[str, Any], str]
"""How a message writes a setting, from its key and its value."""

EXPECTED = {
    "int_type": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dataclass_type": "a section",
    "missing": "one more value",
    "too_long": "at most {max_length} values",
    "too_short": "at least {min_length} value",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "literal_error": "{expected}",
}
"""The kind of pydantic's error → what was expected, in words."""


def as_assigned(key: str, value: Any) -> str:
    """ "trials = 0", as in a configuration file or in Python."""
    return f"{key} = {value!r}"


def in_words(error: ValidationError, values: Mapping[str, Any], written: Written = as_assigned) -> list[str]:
    """One sentence for each key that is wrong, in the order of the keys."""
    found: dict[str, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        depth = 2 if detail["loc"][0] in PARTS else 1
        found.setdefault(".".join(map(str, detail["loc"][:depth])), detail)
    return [_sentence(key, detail, _value_of(values, key), written) for key, detail in found.items()]


def _value_of(values: Mapping[str, Any], key: str) -> Any:
    part, _, name = key.partition(".")
    inner = values.get(part)
    return inner.get(name, MISSING) if name and isinstance(inner, Mapping) else values.get(part, MISSING)


def _sentence(key: str, detail: ErrorDetails, value: Any, written: Written) -> str:
    if detail["type"] == "unexpected_keyword_argument":
        return f"unknown key {key}"
    if value is MISSING:
        return f"{key} is missing"
    known = EXPECTED.get(detail["type"])
    limits = {name: _plain(limit) for name, limit in detail.get("ctx", {}).items()}
    expected = known.format(**limits) if known else detail["msg"].removeprefix("Input should be ")
    return f"{written(key, value)}: expected {expected}"


def _plain(limit: object) -> object:
    """A limit for a message: 1 for 1.0."""
    return f"{limit:.15g}" if isinstance(limit, float) else limit
