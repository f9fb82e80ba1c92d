"""Recognises rows of annotation tools, whatever file they are in, and gives them the columns of tasks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from adaptkit.data.formats import doccano, label_studio, prodigy, spans
from adaptkit.task import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from adaptkit.data.formats.annotations import Annotations
    from adaptkit.data.rows import RawRow
    from adaptkit.task import Row


KEYS = frozenset(
    {"annotations", "completions", "annotation_id", "annotator", "answer", "data"}
    | prodigy.OWN_KEYS
    | doccano.OWN_KEYS
)
"""Each row of a tool has one of these keys."""


def normalised(rows: Iterable[RawRow], task: Task) -> Iterator[RawRow]:
    """The rows, those of annotation tools with the columns of tasks; other rows are unchanged."""
    for raw in rows:
        found = None if raw.problem else annotations_of(raw.values, task)
        yield raw if found is None else _row(raw, found, task)


def annotations_of(row: Row, task: Task) -> Annotations | None:
    """The annotations of a row of a tool; None for a row that is as tasks read it."""
    found = None if KEYS.isdisjoint(row) else _of_a_tool(row, task)
    if found is not None:
        return found
    if "entities" in task.target_columns or "entities" in task.columns:
        return spans.spans_of(row)
    if task.labels_of in (Task.labels_of, None):
        return spans.listed_class(row)
    return None


def _of_a_tool(row: Row, task: Task) -> Annotations | None:
    columns = (*task.columns, *task.target_columns)
    return (
        label_studio.task_of(row)
        or label_studio.exported_row(row, (*columns, "text"))
        or prodigy.example_of(row, columns)
        or doccano.example_of(row, columns)
    )


def _row(raw: RawRow, found: Annotations, task: Task) -> RawRow:
    values = found.columns()
    notes = [found.tool] if found.tool else []
    if "text" in task.columns or task.word_level:
        only = _only_text(values, found)
        if only:
            values["text"] = values[only]
            notes.append(f"the text is {only!r}")
    return replace(raw, values=values, left_out=found.left_out, notes=(*raw.notes, *notes))


def _only_text(values: Row, found: Annotations) -> str:
    """The only data of a row that is a text, if none is named so; empty if that is not plain."""
    if "text" in values or "tokens" in values or not found.tool.startswith(label_studio.TOOL):
        return ""
    names = [
        name
        for name, value in found.values.items()
        if isinstance(value, str) and name not in label_studio.ABOUT_THE_TASK and name not in found.others
    ]
    return names[0] if len(names) == 1 else ""
