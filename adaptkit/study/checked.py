"""Checks the types of what is read from a study's files, and which version of adaptkit wrote them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


def checked(kind: type[T], values: Mapping[str, Any]) -> T:
    """The values as a dataclass of this kind.

    Raises:
        ValueError: names every key that is unknown, missing or of the wrong type.
    """
    from pydantic import ValidationError

    try:
        made: T = _adapter(cast("Any", kind)).validate_json(json.dumps(values))
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        sentences = [_sentence(one["type"], one["loc"], one["msg"]) for one in found[:5]]
        raise ValueError("; ".join(sentences)) from None
    return made


def renamed(values: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The values of a record, with names that older versions wrote replaced by the current ones."""
    return {names.get(name, name): value for name, value in values.items()}


def with_nan(numbers: Mapping[str, float | None]) -> dict[str, float]:
    """The numbers, with NaN for null: JSON has no NaN, so a number that is not finite is written as null."""
    return {name: math.nan if number is None else number for name, number in numbers.items()}


def newer_version(versions: Mapping[str, Any]) -> str:
    """The version of adaptkit among these, if it is newer than this one; else empty."""
    other = str(versions.get("adaptkit", ""))
    return other if _numbers(other) > _numbers(own_version()) else ""


def own_version() -> str:
    """The version of adaptkit that runs."""
    try:
        return version("adaptkit")
    except PackageNotFoundError:
        return ""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def _sentence(kind: str, location: tuple[int | str, ...], message: str) -> str:
    name = ".".join(map(str, location))
    if kind == "unexpected_keyword_argument":
        return f"{name:.100}: an unknown key"
    return f"{name:.100}: {message[:1].lower()}{message[1:]}" if name else message


def _numbers(text: str) -> tuple[int, ...]:
    """The release of a version as numbers: those before the first part that is not a number."""
    release = re.match(r"\d{1,9}(?:\.\d{1,9})*", text)
    return tuple(int(part) for part in release[0].split(".")) if release else ()
