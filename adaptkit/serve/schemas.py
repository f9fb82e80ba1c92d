"""The types of a task's rows and predictions as JSON schemas, found from the task's sample and by trying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from adaptkit.errors import AdaptkitError
from adaptkit.serve.accepted import (
    accepted_texts,
    is_accepted,
    needed_columns,
    row_of_values,
    schema_of_column,
    schema_of_texts,
)

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor
    from adaptkit.serve.requests import Limits
    from adaptkit.task import Row, Task

ROWS = 8
EXTREME = 1e9
Schema = dict[str, Any]
KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null"}

ERROR: Schema = {
    "type": "object",
    "required": ["error"],
    "properties": {
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
        }
    },
}


def sample_rows(task: Task) -> list[Row]:
    """Some rows of the task's sample, without answers; none if it has no sample that can be read."""
    from adaptkit.data.options import AS_FOUND
    from adaptkit.data.stream import stream_unlabelled

    if task.sample is None:
        return []
    try:
        rows = stream_unlabelled(task, str(task.sample), columns={}, skip_bad_rows=True, options=AS_FOUND)
        return [
            {name: value for name, value in row.items() if name not in task.target_columns}
            for row in islice(rows, ROWS)
        ]
    except (AdaptkitError, OSError):
        return []


def schemas_of(predictor: Predictor, limits: Limits) -> tuple[Schema, Schema]:
    """The schemas of a request and of an answer. The sample is predicted for it, to warm up."""
    task = predictor.task
    rows = sample_rows(task)
    smallest = [{name: row[name] for name in needed_columns(task, row)} for row in rows]
    prepare = partial(row_of_values, task, "row")
    accepted = accepted_texts(predictor.row_of, rows)
    given = [*rows, *(prepare(row) for row in smallest if is_accepted(prepare, row))]
    given += map(predictor.row_of, accepted)
    text = schema_of_texts(predictor.row_of, accepted)
    texts = {"type": "array", "minItems": 1, "maxItems": limits.rows, "items": text}
    answers = schema_of(possible_answers(predictor, given), predictor.model.labels)
    row, answer = (described(rows, task), answers) if rows else ({"type": "object"}, {"type": "object"})
    request = {"oneOf": [_only("texts", texts), _only("rows", {**texts, "items": row})]}
    return request, _only("predictions", {"type": "array", "items": answer})


def possible_answers(predictor: Predictor, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The answers to these rows, and what they are with very low and very high numbers of the calibration.

    So the schema has what few rows get, such as that there is no answer.
    """
    answers = predictor.present(rows)
    calibration = predictor.description.calibration
    for value in (-EXTREME, EXTREME) if calibration else ():
        description = replace(predictor.description, calibration=dict.fromkeys(calibration, value))
        with suppress(AdaptkitError):
            answers += replace(predictor, description=description).present(rows)
    return answers


def _only(name: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: schema}, "additionalProperties": False}


def described(rows: Sequence[Row], task: Task) -> Schema:
    """The schema of a row: the columns of these rows, what the task says about them, and what it refuses."""
    schema, needed = schema_of(rows), needed_columns(task, rows[0])
    columns = {}
    for name, column in schema.get("properties", {}).items():
        limited = schema_of_column(task, next(row for row in rows if name in row), name, column)
        about = {"description": task.columns[name]} if name in task.columns else {}
        columns[name] = {**limited, **about}
    return {"type": "object", "properties": columns, **({"required": needed} if needed else {})}


def schema_of(values: Sequence[Any], labels: Sequence[str] = ()) -> Schema:
    """One schema that all of the values have. Objects whose keys are labels, or differ, are maps."""
    found: list[Schema] = []
    objects = [value for value in values if isinstance(value, Mapping)]
    lists = [value for value in values if isinstance(value, (list, tuple))]
    if objects:
        found.append(_object(objects, labels))
    if lists:
        items = [item for value in lists for item in value]
        found.append({"type": "array", **({"items": schema_of(items, labels)} if items else {})})
    kinds = {KINDS[type(value)] for value in values if type(value) in KINDS}
    found += [{"type": kind} for kind in sorted(kinds - ({"integer"} if "number" in kinds else set()))]
    return found[0] if len(found) == 1 else {"anyOf": found} if found else {}


def _object(values: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Schema:
    names = dict.fromkeys(name for value in values for name in value)
    always = [name for name in names if all(name in value for value in values)]
    if names.keys() <= set(labels) or (not always and len(names) > 1):
        inside = schema_of([value for one in values for value in one.values()], labels)
        return {"type": "object", "additionalProperties": inside}
    columns = {name: schema_of([value[name] for value in values if name in value], labels) for name in names}
    return {"type": "object", "properties": columns, **({"required": always} if always else {})}
