"""The types of a task's rows and predictions as JSON schemas, found from the task's sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

from adaptkit.errors import AdaptkitError

if TYPE_CHECKING:
    from adaptkit.export.predictor import Predictor
    from adaptkit.serve.requests import Limits
    from adaptkit.task import Row, Task

ROWS = 8
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
        return list(islice(rows, ROWS))
    except (AdaptkitError, OSError):
        return []


def schemas_of(predictor: Predictor, limits: Limits) -> tuple[Schema, Schema]:
    """The schemas of a request and of an answer. The sample is predicted for it, to warm up."""
    rows = sample_rows(predictor.task)
    predictions = predictor.present(rows)
    row = described(schema_of(rows), predictor.task) if rows else {"type": "object"}
    answer = schema_of(predictions) if rows else {"type": "object"}
    texts = {"type": "array", "minItems": 1, "maxItems": limits.rows, "items": {"type": "string"}}
    request = {"oneOf": [_only("texts", texts), _only("rows", {**texts, "items": row})]}
    return request, _only("predictions", {"type": "array", "items": answer})


def _only(name: str, schema: Schema) -> Schema:
    return {"type": "object", "required": [name], "properties": {name: schema}, "additionalProperties": False}


def described(schema: Schema, task: Task) -> Schema:
    """The schema of a row, with what the task says about its columns."""
    columns = {
        name: {**column, "description": task.columns[name]} if name in task.columns else column
        for name, column in schema.get("properties", {}).items()
    }
    return {**schema, "properties": columns}


def schema_of(values: Sequence[Any]) -> Schema:
    """One schema that all of the values have. Objects with different keys are maps."""
    found: list[Schema] = []
    objects = [value for value in values if isinstance(value, Mapping)]
    lists = [value for value in values if isinstance(value, (list, tuple))]
    if objects:
        found.append(_object(objects))
    if lists:
        items = [item for value in lists for item in value]
        found.append({"type": "array", **({"items": schema_of(items)} if items else {})})
    kinds = {KINDS[type(value)] for value in values if type(value) in KINDS}
    found += [{"type": kind} for kind in sorted(kinds - ({"integer"} if "number" in kinds else set()))]
    return found[0] if len(found) == 1 else {"anyOf": found} if found else {}


def _object(values: Sequence[Mapping[str, Any]]) -> Schema:
    names = dict.fromkeys(name for value in values for name in value)
    always = [name for name in names if all(name in value for value in values)]
    if not always and len(names) > 1:
        return {
            "type": "object",
            "additionalProperties": schema_of([v for one in values for v in one.values()]),
        }
    columns = {name: schema_of([value[name] for value in values if name in value]) for name in names}
    return {"type": "object", "properties": columns, **({"required": always} if always else {})}
