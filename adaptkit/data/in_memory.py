"""Rows that are given in Python: a list, a DataFrame, a `datasets` data set, or columns.

They are converted to JSON lines once. A study keeps the same lines, so that it can be continued without them.
pandas, polars and datasets are not imported: rows of theirs exist only where they are.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from adaptkit.data.columnar import dataset_rows
from adaptkit.data.json_rows import element_row
from adaptkit.data.plain_values import plain
from adaptkit.data.rows import RawRow, listed, shortened
from adaptkit.data.strict_json import Parser
from adaptkit.errors import ConfigError

REFERENCE = re.compile(r"rows:[0-9a-f]{32}")
"""How a configuration names rows that were given in Python."""

EXPECTED = "a path, a list of dictionaries, a DataFrame of pandas or polars, or a datasets.Dataset"


@dataclass(frozen=True)
class MemoryRows:
    """Rows given in Python, as JSON lines. A line with a text instead of an object says why it is no row."""

    name: str
    """What they are for: "train", "dev", "test"; empty if there are no others."""

    lines: Sequence[str]

    @cached_property
    def reference(self) -> str:
        """How a configuration names these rows, by their SHA-256."""
        digest = sha256("\n".join(self.lines).encode()).hexdigest()
        return f"rows:{digest[:32]}"

    @property
    def source(self) -> str:
        """How reports name them."""
        return f"{self.name} rows given in Python".lstrip()

    def raw_rows(self) -> Iterator[RawRow]:
        """The rows, not checked yet; their origins are "train row 1" and so on."""
        parser, place = Parser(), f"{self.name} row".lstrip()
        for number, line in enumerate(self.lines, start=1):
            value, problem, _ = parser.parse(line, 0)
            yield element_row(f"{place} {number}", value, value if isinstance(value, str) else problem)


def is_reference(source: str | None) -> bool:
    """Whether a source of the configuration names rows that were given in Python."""
    return source is not None and REFERENCE.fullmatch(source) is not None


def memory_rows(name: str, given: object) -> MemoryRows:
    """The rows of a list of dictionaries, a DataFrame, a data set, or a dictionary of columns.

    Args:
        name: the argument that they were given for, such as "train".
        given: the rows.

    Raises:
        ConfigError: they are nothing of this kind.
    """
    return MemoryRows(name, [_line(element) for element in _elements(name, given)])


def of_library(value: object, library: str, kind: str) -> bool:
    """Whether the value is of this class of a library, which is not imported for this question."""
    found = getattr(sys.modules.get(library), kind, None)
    return isinstance(found, type) and isinstance(value, found)


def is_dataset(value: object) -> bool:
    """Whether the value is a data set of the library `datasets`."""
    return any(of_library(value, "datasets", kind) for kind in ("Dataset", "IterableDataset"))


def _elements(name: str, given: object) -> Iterable[object]:
    if of_library(given, "pandas", "DataFrame"):
        return _frame_rows(name, given)
    if is_dataset(given):
        return (raw.problem or raw.values for raw in dataset_rows(name, given))
    for method in ("to_pylist", "to_dicts"):  # tables of pyarrow and polars
        if callable(convert := getattr(given, method, None)):
            return list(convert())
    if isinstance(given, Mapping):
        return _column_rows(name, given)
    if isinstance(given, Iterable) and not isinstance(given, (str, bytes, bytearray)):
        return given
    raise ConfigError(
        f"{name or 'rows'} = {shortened(given)}", expected=EXPECTED,
        next_step="Convert the rows to one of these.", code="not-rows-in-memory",
    )  # fmt: skip


def _frame_rows(name: str, frame: Any) -> Iterator[dict[str, Any]]:
    names = [str(column) for column in frame.columns]
    twice = sorted({column for column in names if names.count(column) > 1})
    if twice:
        raise ConfigError(
            f"{name or 'rows'}: the DataFrame has more than one column {listed(twice)}",
            expected="columns with different names",
            next_step="Rename or drop one of them.",
            code="repeated-column",
        )
    return (dict(zip(names, values, strict=True)) for values in frame.itertuples(index=False, name=None))


def _column_rows(name: str, columns: Mapping[Any, Any]) -> Iterator[dict[str, Any]]:
    """The rows of a dictionary with a list for each column, all of one length."""
    named = {str(column): values for column, values in columns.items()}
    sizes = {column: _size(values) for column, values in named.items()}
    if not sizes or -1 in sizes.values() or len(set(sizes.values())) > 1:
        raise ConfigError(
            f"{name or 'rows'} = {shortened(dict(columns))}",
            expected=f"{EXPECTED}; or a dictionary of columns of one length",
            next_step="Put a single row into a list.",
            code="not-rows-in-memory",
        )
    return (dict(zip(named, values, strict=True)) for values in zip(*named.values(), strict=True))


def _size(values: object) -> int:
    """The length of a column; -1 if it is none."""
    return len(values) if hasattr(values, "__len__") and not isinstance(values, (str, bytes, Mapping)) else -1


def _line(element: object) -> str:
    """The row as JSON, or as a JSON text that says why it is none."""
    if isinstance(element, str):
        return json.dumps(f"{shortened(element)} is not an object with the row's columns")
    try:
        return json.dumps(_plain_row(element))
    except (ValueError, RecursionError) as error:
        return json.dumps(str(error) if isinstance(error, ValueError) else "nested too deeply")


def _plain_row(element: object) -> Any:
    if not isinstance(element, Mapping):
        return plain(element)
    found = {}
    for column, value in element.items():
        try:
            found[str(column)] = plain(value)
        except ValueError as error:
            raise ValueError(f"column {str(column)!r}: {error}") from error
    return found
