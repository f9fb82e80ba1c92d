"""doccano's exports: ``label`` or ``entities`` with spans, or ``label`` with the names of classes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from adaptkit.data.formats.annotations import Annotations
from adaptkit.data.formats.spans import marks_in
from adaptkit.tasks.marks import looks_like_marks

TOOL = "doccano"
OWN_KEYS = frozenset({"Comments", "relations", "annotation_approver"})
SPAN_COLUMNS = ("entities", "label", "labels", "annotations")


def example_of(row: Mapping[str, Any], columns: Collection[str]) -> Annotations | None:
    """The annotations of an example; None for a row of another form.

    Args:
        row: the row.
        columns: the task's own columns; one of them may be named "data".
    """
    text = row.get("text", row.get("data"))
    text_is_data = "data" in row and "label" in row and "text" not in row and "data" not in columns
    own = OWN_KEYS & row.keys() or text_is_data
    if not isinstance(text, str) or not own:
        return None
    spans = next((name for name in SPAN_COLUMNS if looks_like_marks(row.get(name))), None)
    label = row.get("label")
    if spans is not None:
        marks = marks_in(row[spans])
    elif any(row.get(name) == [] for name in SPAN_COLUMNS):
        marks = []
    else:
        marks = None
    choices = None
    if spans != "label" and isinstance(label, list):
        choices = label
    return Annotations(tool=TOOL, values={**row, "text": text}, marks=marks, choices=choices)
