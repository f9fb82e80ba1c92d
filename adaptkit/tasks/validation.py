"""Checks that each part of a task has the right type. Calls none of the parts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from adaptkit.task import Form, Metric, SearchHints, Task

Check = Callable[[Any], bool]


def ill_formed(task: Task) -> list[str]:
    """A message for each part of the wrong type, such as ``"decode is None, expected a callable"``."""
    wrong = _wrong(task, _TASK_PARTS)
    if task.head_inputs and isinstance(task.head, str):
        wrong.append(f"head_inputs is {task.head_inputs!r:.80}, but {task.head!r} is a head of transformers")
    if isinstance(task.metric, Metric):
        wrong += [f"metric.{one}" for one in ill_formed_metric(task.metric)]
    return wrong


def ill_formed_metric(metric: Metric) -> list[str]:
    """A message for each part of a metric that has the wrong type."""
    return _wrong(metric, _METRIC_PARTS)


def _wrong(owner: object, parts: Mapping[str, tuple[Check, str]]) -> list[str]:
    return [
        f"{part} is {getattr(owner, part)!r:.80}, expected {expected}"
        for part, (fits, expected) in parts.items()
        if not fits(getattr(owner, part))
    ]


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_direction(value: object) -> bool:
    return value in ("maximize", "minimize")


def _is_any(kind: type) -> Check:
    return lambda value: isinstance(value, kind)


def _or_none(fits: Check) -> Check:
    return lambda value: value is None or fits(value)


def _all(fits: Check) -> Check:
    """A check of every item of a list or tuple."""
    return lambda value: isinstance(value, (list, tuple)) and all(map(fits, value))


def _each(key_fits: Check, value_fits: Check) -> Check:
    """A check of every key and every value of a mapping."""
    return lambda value: (
        isinstance(value, Mapping) and all(key_fits(key) and value_fits(one) for key, one in value.items())
    )


_CALLABLE = (callable, "a callable")
_CALLABLE_OR_NONE = (_or_none(callable), "a callable or None")

_TASK_PARTS: Mapping[str, tuple[Check, str]] = {
    "name": (_is_name, "a name"),
    "columns": (lambda value: bool(value) and _each(_is_name, _is_text)(value), "a description by name"),
    "head": (lambda value: _is_name(value) or callable(value), "a task tag of transformers, or a callable"),
    "encode": _CALLABLE,
    "decode": _CALLABLE,
    "metric": (_is_any(Metric), "a Metric"),
    "collator": _CALLABLE,
    "loss": _CALLABLE,
    "target_columns": (_all(_is_name), "a list of columns"),
    "head_inputs": (_all(_is_name), "a list of names"),
    "new_tokens": (_all(_is_name), "a list of tokens"),
    "augment": _CALLABLE_OR_NONE,
    "outputs": (lambda value: bool(value) and _all(_is_name)(value), "a list of the model's outputs"),
    "prepare": _CALLABLE,
    "survey": _CALLABLE_OR_NONE,
    "labels_of": _CALLABLE_OR_NONE,
    "label_names": _CALLABLE,
    "config_overrides": (_each(_is_name, lambda _: True), "settings by name"),
    "text_pair": (lambda value: len(value) in (0, 2) and _all(_is_name)(value), "two columns, or none"),
    "merge_windows": _CALLABLE,
    "calibrate": _CALLABLE_OR_NONE,
    "apply_calibration": _CALLABLE,
    "baseline": _CALLABLE_OR_NONE,
    "parse_text": _CALLABLE,
    "to_json": _CALLABLE,
    "readers": (_each(_is_text, callable), "a callable by suffix"),
    "sample": (_or_none(_is_any(Path)), "a Path or None"),
    "word_level": (_is_any(bool), "True or False"),
    "forms": (_all(_is_any(Form)), "a list of Form"),
    "audit": _CALLABLE_OR_NONE,
    "stratify_by": _CALLABLE_OR_NONE,
    "group_by": _CALLABLE_OR_NONE,
    "hints": (_is_any(SearchHints), "a SearchHints"),
    "options": (_each(_is_name, lambda value: True), "a value by name"),
    "distribution": (_is_text, "text"),
    "contract": (_is_any(int), "an integer"),
}

_METRIC_PARTS: Mapping[str, tuple[Check, str]] = {
    "name": (_is_name, "a name"),
    "direction": (_is_direction, "'maximize' or 'minimize'"),
    "compute": _CALLABLE,
    "others": (_each(_is_name, _is_direction), "'maximize' or 'minimize' by name"),
    "description": (_is_text, "text"),
    "groups_title": (_is_text, "text"),
}
