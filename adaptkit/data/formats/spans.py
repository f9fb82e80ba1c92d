"""Rows with marked spans of no particular tool, and spaCy's pairs of a text and its annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from adaptkit.data.formats.annotations import Annotations, category_columns
from adaptkit.tasks.marks import looks_like_marks
from adaptkit.tasks.written import read_written

COLUMNS = ("spans", "ents", "label", "labels", "annotations")
"""The columns, besides ``entities``, in which spans are looked for."""


def spans_of(row: Mapping[str, Any]) -> Annotations | None:
    """The spans of a row under a name other than ``entities``; None for a row without spans."""
    if row.get("entities") is not None or not isinstance(row.get("text", row.get("context")), str):
        return None
    column = next((name for name in COLUMNS if looks_like_marks(row.get(name))), None)
    if column is not None:
        return Annotations(tool=f"spans in {column!r}", values=row, marks=marks_in(row[column]))
    if any(row.get(name) == [] for name in COLUMNS):  # no spans, or no classes
        return Annotations(tool="", values=row, marks=[])
    return None


def listed_class(row: Mapping[str, Any]) -> Annotations | None:
    """The class of a row with one label, where it is the only item of a list; None for another row."""
    given = row.get("label", row.get("labels"))
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], str):
        return None
    return Annotations(tool="", values=row, choices=given)


def marks_in(value: Any) -> list[Any]:
    """The spans of a column, which may be written as text."""
    return list(read_written(value, "spans"))


def pair_of(pair: list[Any]) -> dict[str, Any] | None:
    """The row of ``[text, label]``, or of spaCy's ``[text, {"entities": [...]}]``; None for other lists."""
    if len(pair) != 2 or not isinstance(pair[0], str):
        return None
    text, annotations = pair
    if isinstance(annotations, Mapping):
        return {"text": text, **_of_spacy(annotations)}
    return None if annotations is None else {"text": text, "label": annotations}


def _of_spacy(annotations: Mapping[str, Any]) -> dict[str, Any]:
    """The annotations of a pair; ``cats`` are the classes."""
    categories = annotations.get("cats")
    if not isinstance(categories, Mapping) or not categories:
        return dict(annotations)
    return {**annotations, **category_columns(categories)}
