"""The options of a task factory: read from its signature, and converted from text to the annotated types."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import GenericAlias, NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

SCALARS = (str, int, float, bool, NoneType)
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def options_of(factory: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """The options that a factory takes by name, with their annotations evaluated.

    Raises any error of evaluating the annotations, and ValueError or TypeError if it has no signature.
    """
    parameters = inspect.signature(factory, eval_str=True).parameters
    by_name = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return {name: parameter for name, parameter in parameters.items() if parameter.kind in by_name}


def described(option: inspect.Parameter) -> str:
    """An option for messages: ``tag_column (int, default -1)``."""
    notes = [] if option.annotation is option.empty else [_kind_in_words(option.annotation)]
    notes.append("required" if option.default is option.empty else f"default {option.default!r}")
    return f"{option.name} ({', '.join(notes)})"


def arguments_for(options: Mapping[str, inspect.Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The values, converted to the options' types; raises ValueError for an unknown, missing or wrong one."""
    for name in given:
        if name not in options:
            raise ValueError(f"unknown option {name!r}")
    for name, option in options.items():
        if option.default is option.empty and name not in given:
            raise ValueError(f"option {name!r} is missing")
    return {name: _converted(options[name], value) for name, value in given.items()}


def in_force(options: Mapping[str, inspect.Parameter], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """The value that each option has if it is not given, of those that can be written as JSON.

    Args:
        options: the options.
        recorded: values that the factory itself records instead of its defaults.
    """
    defaults = {
        name: option.default for name, option in options.items() if option.default is not option.empty
    }
    own = {name: value for name, value in recorded.items() if name in options}
    return {name: value for name, value in {**defaults, **own}.items() if _has_json(value)}


def _has_json(value: object) -> bool:
    try:
        json.dumps(value)
    except (TypeError, ValueError, RecursionError):
        return False
    return True


def _converted(option: inspect.Parameter, value: Any) -> Any:
    try:
        return convert(value, option.annotation)
    except ValueError:
        raise ValueError(f"option {option.name!r} cannot be {value!r}") from None


def convert(value: Any, kind: Any) -> Any:
    """The value as the annotation asks for it, from text or from a value of that type.

    Supports str, int, float, bool, Literal, list and tuple (as text: separated by commas), and unions of
    these, also with None. For any other annotation the value is returned unchanged. Raises ValueError.
    """
    from pydantic import TypeAdapter

    return TypeAdapter(_from_text(kind)).validate_python(value, strict=True)


def _from_text(kind: Any) -> Any:
    """The annotation for pydantic, extended to accept text; `Any` if it is not supported."""
    from pydantic import BeforeValidator, Field

    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return Annotated[Union[tuple(map(_from_text, arguments))], Field(union_mode="left_to_right")]  # noqa: UP007
    if origin is Literal:
        return Annotated[kind, BeforeValidator(partial(_choice, arguments))]
    if list in (kind, origin) or origin is Sequence:
        return Annotated[GenericAlias(list, (_item(arguments),)), BeforeValidator(_parts)]
    if tuple in (kind, origin):
        parts = BeforeValidator(lambda value: tuple(_parts(value)))
        return Annotated[GenericAlias(tuple, (_item(arguments), ...)), parts]
    return Annotated[kind, BeforeValidator(partial(_scalar, kind))] if kind in SCALARS else Any


def _item(arguments: Sequence[Any]) -> Any:
    """The type of every item: the first argument, as in ``tuple[str, ...]``; text if there is none."""
    return _from_text(arguments[0] if arguments else str)


def _choice(choices: Sequence[Any], value: Any) -> Any:
    return next((choice for choice in choices if value == choice or value == str(choice)), value)


def _parts(value: Any) -> list[Any]:
    """The parts of a list; of text, what is between the commas."""
    if isinstance(value, str):
        return [part for text in value.split(",") if (part := text.strip())]
    if not isinstance(value, (list, tuple)):
        raise ValueError("expected a list")
    return list(value)


def _scalar(kind: Any, value: Any) -> Any:
    """The value of a text. Other values are left to pydantic's strict mode."""
    if not isinstance(value, str):
        return value
    if kind is bool:
        return TRUTH.get(value.lower(), value)
    return kind(value) if kind in (int, float) else value


def _kind_in_words(kind: Any) -> str:
    """A type for messages: "int | None", "comma-separated str"."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return " or ".join(map(repr, parts))
    if origin in (Union, UnionType):
        return " | ".join("None" if part is NoneType else _kind_in_words(part) for part in parts)
    if origin in (list, tuple, Sequence) or kind in (list, tuple):
        return f"comma-separated {_kind_in_words(parts[0] if parts else str)}"
    return kind.__name__ if isinstance(kind, type) and not get_args(kind) else str(kind)
