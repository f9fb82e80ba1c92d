"""Label Studio's exports: JSON with all annotations of a task; JSON-MIN and CSV with a column per control.

A row is one task of Label Studio. Annotations that were cancelled do not count. Of several annotations the
ground truth counts; otherwise they must agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adaptkit.data.formats.annotations import Annotations
from adaptkit.tasks.marks import looks_like_marks
from adaptkit.tasks.written import is_written_list, read_written

TOOL = "Label Studio"
ABOUT_THE_TASK = frozenset({"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"})
"""The columns of JSON-MIN and CSV that are neither data nor annotations."""

SPAN_TYPES = ("labels", "hypertextlabels", "paragraphlabels")
NUMBERS = ("number", "rating")


def task_of(row: Mapping[str, Any]) -> Annotations | None:
    """The annotations of a task in the JSON export; None for a row of another form."""
    given = row.get("annotations", row.get("completions"))
    data = row.get("data")
    if not isinstance(given, list) or not isinstance(data, Mapping) or not all(map(_is_annotation, given)):
        return None
    counted = [one for one in given if not _is_cancelled(one)]
    found = [_read(one["result"]) for one in _ground_truth(counted) or counted]
    reason = _reason(given, found)
    controls = found[0] if found and not reason else {}
    return _annotations({**_ids(row), **data}, controls, reason)


def exported_row(row: Mapping[str, Any], data: Iterable[str]) -> Annotations | None:
    """The annotations of a row of the JSON-MIN or CSV export; None for a row of another form.

    Args:
        row: the row.
        data: the columns of the task, which are data and not annotations.
    """
    if not {"annotation_id", "annotator"} & row.keys() or not {"lead_time", "created_at"} & row.keys():
        return None
    read = {name: _written(value) for name, value in row.items()}
    controls = {name: value for name, value in read.items() if _is_control(value)}
    if not controls:
        left = [
            name
            for name in read
            if name not in ABOUT_THE_TASK and name not in data and not name.startswith("_")
        ]
        controls = (
            {left[0]: [{"choices": [read[left[0]]]}] if read[left[0]] else []} if len(left) == 1 else {}
        )
    if not controls:
        return Annotations(tool=TOOL, values=row)
    return _annotations(row, {name: _items(value) for name, value in controls.items()}, "")


def _ids(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": row["id"]} if "id" in row else {}


def _is_annotation(value: object) -> bool:
    return isinstance(value, Mapping) and isinstance(value.get("result"), list)


def _is_cancelled(annotation: Mapping[str, Any]) -> bool:
    return bool(annotation.get("was_cancelled") or annotation.get("skipped"))


def _ground_truth(annotations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return [one for one in annotations if one.get("ground_truth")][:1]


def _reason(given: Sequence[object], found: Sequence[Mapping[str, Any]]) -> str:
    """Why the task has no annotations that count; empty if it has."""
    if not given:
        return "not annotated in Label Studio"
    if not found:
        return "its annotation was cancelled in Label Studio"
    if any(_compared(one) != _compared(found[0]) for one in found[1:]):
        return f"{len(found)} annotations in Label Studio that differ, none of them marked as ground truth"
    return ""


def _compared(controls: Mapping[str, Sequence[Any]]) -> dict[str, list[str]]:
    return {name: sorted(map(repr, values)) for name, values in controls.items()}


def _read(result: Sequence[Any]) -> dict[str, list[Any]]:
    """The values of an annotation by the name of their control."""
    controls: dict[str, list[Any]] = {}
    for one in result:
        if isinstance(one, Mapping) and isinstance(one.get("value"), Mapping):
            controls.setdefault(str(one.get("from_name", one.get("type", "label"))), []).append(
                dict(one["value"])
            )
    return controls


def _annotations(
    data: Mapping[str, Any], controls: Mapping[str, Sequence[Any]], left_out: str
) -> Annotations:
    """The row with its spans, choices and number, and with a column for each control."""
    values = [value for each in controls.values() for value in each if isinstance(value, Mapping)]
    marks = [mark for value in values if (mark := _mark(value)) is not None]
    choices = [choice for value in values for choice in _choices(value)]
    numbers = [value[name] for value in values for name in NUMBERS if name in value]
    return Annotations(
        tool=TOOL,
        values=data,
        marks=marks,
        choices=choices if choices or not values else None,
        number=numbers[0] if len(numbers) == 1 else None,
        left_out=left_out,
        others={name: _column(each) for name, each in controls.items()},
    )


def _mark(value: Mapping[str, Any]) -> dict[str, Any] | None:
    names = [value[kind] for kind in SPAN_TYPES if value.get(kind)]
    if not names or "start" not in value:
        return None
    place = value.get("globalOffsets", value)
    mark = {"start": place.get("start"), "end": place.get("end"), "label": names[0]}
    return {**mark, "text": value["text"]} if "text" in value else mark


def _choices(value: Mapping[str, Any]) -> list[str]:
    if "start" in value:  # the choices of one span
        return []
    if isinstance(value.get("taxonomy"), list):
        return [
            "/".join(map(str, path)) if isinstance(path, list) else str(path) for path in value["taxonomy"]
        ]
    chosen = value.get("choices", value.get("selected", []))
    return list(chosen) if isinstance(chosen, list) else [chosen]


def _column(values: Sequence[Any]) -> Any:
    """The value of a control alone: the chosen class, the number, the text; or all that was marked."""
    if len(values) == 1 and isinstance(values[0], Mapping) and "start" not in values[0]:
        chosen: Any = _choices(values[0]) or next(iter(values[0].values()), None)
        return chosen[0] if isinstance(chosen, list) and len(chosen) == 1 else chosen
    return list(values)


def _written(value: Any) -> Any:
    """A value of the CSV export, in which lists are JSON."""
    if not is_written_list(value):
        return value
    try:
        return read_written(value, "value")
    except ValueError:
        return value


def _is_control(value: Any) -> bool:
    """Whether a column of JSON-MIN holds annotations, by its form."""
    if isinstance(value, Mapping):
        return any(name in value for name in ("choices", "taxonomy", *NUMBERS))
    if not isinstance(value, list):
        return False
    return looks_like_marks(value) or (bool(value) and all(map(_is_control, value)))


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
