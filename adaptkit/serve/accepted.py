"""Finds by trying which texts and rows a task accepts: for the schemas of OpenAPI."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from adaptkit.data.checks import prepared_row
from adaptkit.data.rows import RawRow
from adaptkit.errors import AdaptkitError

if TYPE_CHECKING:
    from adaptkit.task import Row, Task

NOT_BLANK = r"\S"
PART = r"[^\t|]*[^\t|\s][^\t|]*"
BETWEEN = r"(\t| \|\|\| )"
FORMS: Mapping[str, str] = {
    "a": NOT_BLANK,
    "a ||| b": f"^{PART}{BETWEEN}{PART}$",
    "a ||| b ||| c": rf"^{PART}( \|\|\| {PART}){{2,25}}$",
}
"""A text → the pattern of texts like it. The first text that the task accepts gives the pattern."""

SPECIAL, _ESCAPED = re.compile(r"([\\^$.|?*+()\[\]{}])"), r"\\\1"
ANYTHING = r"[\s\S]*"
LONGEST = 1000
"""Characters of the texts that are tried, if so many are accepted."""

MOST = 64
"""So long are the longest lists that are tried."""

OTHERS: Mapping[str, Sequence[Any]] = {
    "null": [None], "boolean": [True, False], "number": [0, 0.5], "string": ["a"], "array": [[], ["a"]],
    "object": [{}, {"a": "a"}],
}  # fmt: skip
"""JSON's types → some values of each."""

Schema = dict[str, Any]


def row_of_values(task: Task, origin: str, values: Any) -> Row:
    """The prepared row of a request's row; raises ValueError or AdaptkitError if the task refuses it."""
    return prepared_row(task, RawRow(origin, values), {}, task.target_columns, task.prepare)[0]


def is_accepted(prepare: Callable[[Any], object], given: Any) -> bool:
    """Whether the task accepts this text, row or value."""
    try:
        prepare(given)
    except (ValueError, AdaptkitError):
        return False
    return True


def accepted_texts(row_of: Callable[[str], Row], rows: Sequence[Row]) -> list[str]:
    """Texts that the task accepts: of the usual forms, and of these rows."""
    values = [value for row in rows for value in row.values()]
    lists = [value for value in values if isinstance(value, (list, tuple))]
    texts = [value for value in values if isinstance(value, str)]
    joined = [" ".join(one) for one in lists if all(isinstance(part, str) for part in one)]
    return [text for text in (*FORMS, *texts, *joined) if is_accepted(row_of, text)]


def schema_of_texts(row_of: Callable[[str], Row], accepted: Sequence[str]) -> Schema:
    """The schema of a text, from `accepted_texts`."""
    limits: Schema = {}
    if accepted:
        pattern = FORMS.get(accepted[0])
        limits = {"pattern": pattern} if pattern else limits_by_parts(row_of, accepted[0])
    return {"type": "string", **limits}


def limits_by_parts(prepare: Callable[[str], object], text: str) -> Schema:
    """The pattern of the parts that an accepted text cannot be without, such as the marks of entities.

    Characters are left out as long as the text is accepted. Other text may stand wherever it is accepted.
    Nothing if the text itself is not like the pattern.
    """
    needed = text[:LONGEST] if is_accepted(prepare, text[:LONGEST]) else text
    for position in reversed(range(len(needed))):
        shorter = needed[:position] + needed[position + 1 :]
        needed = shorter if is_accepted(prepare, shorter) else needed
    places = range(len(needed) + 1)
    gaps = [is_accepted(prepare, f"{needed[:place]}a{needed[place:]}") for place in places]
    parts = [SPECIAL.sub(_ESCAPED, one) + ANYTHING * gap for one, gap in zip(needed, gaps[1:], strict=True)]
    pattern = ("" if gaps[0] else "^") + "".join(parts) + ("" if gaps[-1] else "$")
    return {"pattern": pattern} if re.search(pattern, text) else {}


def needed_columns(task: Task, row: Row) -> list[str]:
    """The columns of an accepted row that it cannot be without."""
    prepare = partial(row_of_values, task, "row")
    return [name for name in row if not is_accepted(prepare, {k: v for k, v in row.items() if k != name})]


def schema_of_column(task: Task, row: Row, name: str, found: Schema) -> Schema:
    """The schema of a column.

    Args:
        task: the task.
        row: a row that it accepts.
        name: the column.
        found: the schema of its values in some rows.
    """

    def prepare(value: Any) -> Row:
        return row_of_values(task, "row", {**row, name: value})

    kinds = [kind for kind, values in OTHERS.items() if all(is_accepted(prepare, value) for value in values)]
    if len(kinds) == len(OTHERS):
        return {}
    limited = {**found, **_limits(prepare, row[name])}
    others = [kind for kind in kinds if kind not in _kinds_of(found)]
    return {"anyOf": [limited, *({"type": kind} for kind in others)]} if others else limited


def _kinds_of(schema: Schema) -> set[str]:
    """JSON's types that the values of a schema have."""
    kinds = {str(one.get("type")) for one in schema.get("anyOf", [schema])}
    return kinds | ({"number"} if "integer" in kinds else set())


def _limits(prepare: Callable[[Any], object], value: Any) -> Schema:
    """What the task refuses of values like this one."""
    if isinstance(value, str):
        if is_accepted(prepare, " "):
            return {}
        return {"pattern": NOT_BLANK} if is_accepted(prepare, "a") else limits_by_parts(prepare, value)
    if isinstance(value, (list, tuple)) and value and isinstance(value[0], str):
        return _limits_of_list(prepare, value[0])
    return {}


def _limits_of_list(prepare: Callable[[Any], object], text: str) -> Schema:
    """How many texts a list has, and what each of them is."""
    several = [f"{text}{position}" for position in range(MOST)]
    sizes = [size for size in range(MOST + 1) if is_accepted(prepare, several[:size])]
    if not sizes:
        return {}
    inside = _limits(lambda new: prepare([new, *several[1 : max(sizes[0], 1)]]), text)
    return {
        **({"minItems": sizes[0]} if sizes[0] else {}),
        **({"maxItems": sizes[-1]} if sizes[-1] < MOST else {}),
        **({"items": {"type": "string", **inside}} if inside else {}),
    }
