"""Marked spans of a text, in the spellings of annotation tools. For plugin authors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adaptkit.tasks.written import is_written_list, plain_number, read_written

STARTS = ("start", "start_offset", "start_char", "startOffset", "begin")
ENDS = ("end", "end_offset", "end_char", "endOffset")
LABELS = ("label", "labels", "entity", "type", "tag", "entity_type", "entity_group", "label_")
"""The names of a span's parts in the exports of annotation tools and in the output of libraries."""

TRIPLE = 3


@dataclass(frozen=True)
class Mark:
    """A marked span: its characters in the text, from `start` to before `end`, and its label."""

    start: int
    end: int
    label: str
    text: str | None = None
    """The characters themselves, as the tool recorded them; None if it did not."""


def looks_like_marks(value: object) -> bool:
    """Whether a value is a list of one or more spans in a known spelling; also if it is written as text."""
    if is_written_list(value):
        try:
            value = read_written(value, "spans")
        except ValueError:
            return False
    return isinstance(value, (list, tuple)) and bool(value) and all(map(_looks_like_mark, value))


def marks_of(value: object, name: str = "entities") -> list[Mark]:
    """The spans of a list, in its order.

    A span is ``{"start", "end", "label"}`` or ``[start, end, label]``. The parts of the former may have the
    names of `STARTS`, `ENDS` and `LABELS`. Raises ValueError that shows the first value of another form.
    """
    value = read_written(value, name)
    if not isinstance(value, (list, tuple)):
        raise ValueError(
            f"{name} = {value!r:.80}; expected a list of {{start, end, label}} or [start, end, label]"
        )
    return [_mark(one) for one in value]


def contradiction(mark: Mark, text: str) -> str:
    """What is wrong if the mark's own text is not at its place; empty if it is, or if there is none."""
    found = text[mark.start : mark.end]
    if mark.text is None or _words(mark.text) == _words(found):
        return ""
    return (
        f"{mark.label!r:.40} at {mark.start}-{mark.end} is {found!r:.40} in the text, but its own text is "
        f"{mark.text!r:.40}{_fitting(mark, text)}"
    )


def _fitting(mark: Mark, text: str) -> str:
    """In which other units the offsets would fit, for a message."""
    for encoding, width, what in (
        ("utf-16-le", 2, "UTF-16 code units, as in JavaScript"),
        ("utf-8", 1, "bytes"),
    ):
        raw = text.encode(encoding, "surrogatepass")
        piece = raw[mark.start * width : mark.end * width].decode(encoding, "replace")
        if _words(piece) == _words(mark.text or ""):
            return f"; the offsets would fit if they counted {what}; expected characters"
    where = text.find(mark.text or "")
    return f"; its first occurrence is at {where}" if where >= 0 and mark.text else ""


def _words(text: str) -> list[str]:
    """The words, for a comparison: tools write line breaks in several ways."""
    return text.replace("\\n", " ").replace("\\r", " ").replace("\\t", " ").split()


def _looks_like_mark(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(name in value for name in STARTS) and any(name in value for name in (*LABELS, *ENDS))
    return (
        isinstance(value, (list, tuple))
        and len(value) == TRIPLE
        and _is_number(value[0])
        and _is_number(value[1])
        and isinstance(value[2], str)
    )


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _mark(value: object) -> Mark:
    if isinstance(value, Mapping):
        start, end = (_first(value, names) for names in (STARTS, ENDS))
        label, text = _first(value, LABELS), value.get("text")
    elif isinstance(value, (list, tuple)) and len(value) == TRIPLE:
        (start, end, label), text = value, None
    else:
        start = None
    if start is None or end is None or label is None:
        raise ValueError(f"entity {value!r:.80}; expected {{start, end, label}} or [start, end, label]")
    return Mark(
        _offset(start, start, end),
        _offset(end, start, end),
        _label(label),
        text if isinstance(text, str) else None,
    )


def _first(value: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((value[name] for name in names if value.get(name) is not None), None)


def _offset(value: object, start: object, end: object) -> int:
    number = plain_number(value)
    if type(number) is not int:
        raise ValueError(f"entity offsets {start!r:.40} and {end!r:.40}; expected integers")
    return number


def _label(value: object) -> str:
    """The name of the label; the only one of a list."""
    if isinstance(value, (list, tuple)) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or not value:
        raise ValueError(f"entity label {value!r:.40}; expected the name of a type")
    return value
