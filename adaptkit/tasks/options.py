"""A task factory's options: what it takes, and values given as text turned into what it wants.

Reads signatures only. Knows nothing of plugins, tasks or the command line.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def options_of(factory: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The options a factory takes by name, with their annotations evaluated.

    Raises whatever its annotations raise, and ValueError or TypeError if it has no signature.
    """
    parameters = inspect.signature(factory, eval_str=True).parameters
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {name: parameter for name, parameter in parameters.items() if parameter.kind in by_name}


def described(option: inspect.Parameter) -> str:
    """An option in words: ``tag_column (int, default -1)``."""
    notes = [] if option.annotation is option.empty else [_kind_in_words(option.annotation)]
    notes.append("required" if option.default is option.empty else f"default {option.default!r}")
    return f"{option.name} ({', '.join(notes)})"


def arguments_for(options: Mapping[str, inspect.Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the options want them; raises ValueError for one unknown, missing or mistyped."""
    for name in given:
        if name not in options:
            raise ValueError(f"unknown option {name!r}")
    for name, option in options.items():
        if option.default is option.empty and name not in given:
            raise ValueError(f"option {name!r} is missing")
    return {name: _converted(options[name], value) for name, value in given.items()}


def _converted(option: inspect.Parameter, value: Any) -> Any:
    try:
        return convert(value, option.annotation)
    except ValueError:
        raise ValueError(f"option {option.name!r} cannot be {value!r}") from None


def convert(value: Any, kind: Any) -> Any:
    """The value as an annotation wants it, be it given as text or as a value of its kind.

    Knows str, int, float, bool, Literal, list and tuple (in text: by commas), and unions of these, None
    included; for any other annotation the value stays as it is. Raises ValueError.
    """
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _first_fitting(value, arguments)
    if origin is Literal:
        return _first_equal(value, arguments)
    if list in (kind, origin) or origin is Sequence:
        return _parts(value, arguments)
    if tuple in (kind, origin):
        return tuple(_parts(value, arguments))
    return _plain(value, kind)


def _first_fitting(value: Any, kinds: Sequence[Any]) -> Any:
    for kind in kinds:
        try:
            return convert(value, kind)
        except ValueError:
            continue
    raise ValueError


def _first_equal(value: Any, choices: Sequence[Any]) -> Any:
    for choice in choices:
        if value == choice or value == str(choice):
            return choice
    raise ValueError


def _parts(value: Any, kinds: Sequence[Any]) -> list[Any]:
    """A list of text by commas, or of a list's values; all of the first kind, as in ``tuple[str, ...]``."""
    if isinstance(value, str):
        value = [part for text in value.split(",") if (part := text.strip())]
    if not isinstance(value, (list, tuple)):
        raise ValueError
    return [convert(part, kinds[0] if kinds else str) for part in value]


def _plain(value: Any, kind: Any) -> Any:
    if kind is bool and isinstance(value, str):
        if value.lower() not in TRUTH:
            raise ValueError
        return TRUTH[value.lower()]
    if (kind is int and isinstance(value, str)) or (kind is float and type(value) in (str, int)):
        return kind(value)
    if kind in (str, bool, int, float, NoneType) and type(value) is not kind:
        raise ValueError
    return value


def _kind_in_words(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(map(repr, get_args(kind)))
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
