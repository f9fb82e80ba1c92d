"""Data as `tune`, `evaluate` and `predict` take them: paths, or rows in memory."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any, Protocol, TypeAlias

from adaptkit.api.arguments import refuse, text
from adaptkit.data.in_memory import EXPECTED, MemoryRows, is_dataset, memory_rows
from adaptkit.data.sources import SPLIT_NAMES
from adaptkit.errors import ConfigError


class Table(Protocol):
    """A DataFrame of pandas or polars, or a table that has the same attributes."""

    @property
    def columns(self) -> Any:
        """The names of the columns."""

    @property
    def shape(self) -> Any:
        """The numbers of rows and columns."""


RowSource: TypeAlias = (
    str | os.PathLike[str] | Iterable[Mapping[str, Any]] | Mapping[str, Sequence[Any]] | Table
)
"""A path, a list of dictionaries, a dictionary of columns, a `datasets.Dataset`, or a DataFrame of pandas or
polars."""


@dataclass(frozen=True, kw_only=True)
class Sources:
    """The sources of a study's splits as the configuration names them, and the rows given in memory."""

    data: str | None = None
    train: str | None = None
    dev: str | None = None
    test: str | None = None
    dev_fraction: float | None = None
    """The fraction of the training rows, if `dev` is one."""

    rows: Sequence[MemoryRows] = field(default=())

    @property
    def all_in_memory(self) -> bool:
        """Whether rows are given, and no path."""
        named = [one for one in (self.data, self.train, self.dev, self.test) if one is not None]
        return bool(named) and len(named) == len(self.rows)


def sources_of(data: object, train: object, dev: object, test: object) -> Sources:
    """The sources of the four arguments; raises ConfigError that names the one that cannot be used."""
    others = {"train": train, "dev": dev, "test": test}
    if data is not None and not _is_path(data):
        together = [name for name, value in others.items() if value is not None and not _is_number(value)]
        if together:
            raise ConfigError(
                f"data together with {' and '.join(together)}",
                expected="either data alone, or train with optional dev and test",
                next_step=f"Leave out data, or leave out {' and '.join(together)}",
                code="conflicting-sources",
            )
        if isinstance(data, bytes) or not (hasattr(data, "__iter__") or hasattr(data, "to_pylist")):
            refuse("data", data, f"{EXPECTED}; or a dictionary of splits")
        others |= _splits_in(data)
        data = None
    fraction = None
    if _is_number(others["dev"]):
        fraction = _fraction(others.pop("dev"))
    rows: list[MemoryRows] = []
    named = {name: _source(name, value, rows) for name, value in others.items() if value is not None}
    whole = None if data is None else text("data", data)
    return Sources(data=whole, dev_fraction=fraction, rows=tuple(rows), **named)


def source_of(name: str, given: object) -> str | MemoryRows:
    """A path as text, or rows in memory; raises ConfigError."""
    return text(name, given) if _is_path(given) else replace(memory_rows(name, given), name="")


def refuse_for_rows(**reading: object) -> None:
    """Raise ConfigError that names an argument about reading files, as rows in memory are not read."""
    for name, value in reading.items():
        if value is not None:
            refuse(name, value, "None, as the rows are given in Python: it says how a file is read")


def _source(name: str, value: object, rows: list[MemoryRows]) -> str:
    """The source as the configuration names it; rows in memory are added to ``rows``."""
    if _is_path(value):
        return text(name, value)
    if isinstance(value, Mapping) and any(map(is_dataset, value.values())):
        refuse(name, value, f"{EXPECTED}. Pass a data set with several splits as data")
    rows.append(memory_rows(name, value))
    return rows[-1].reference


def _splits_in(data: object) -> dict[str, object]:
    """The splits of a dictionary of splits, or else all rows as training rows."""
    if not isinstance(data, Mapping):
        return {"train": data}
    found = {
        split: data[name] for split, names in SPLIT_NAMES.items() for name in reversed(names) if name in data
    }
    if found and "train" not in found:
        refuse("data", sorted(map(str, data)), "a split named 'train' among them")
    return found or {"train": data}


def _fraction(value: Any) -> float:
    if not 0 < value < 1:
        refuse("dev", value, f"{EXPECTED}; or a fraction of the training rows, between 0 and 1")
    return float(value)


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _is_path(value: object) -> bool:
    return isinstance(value, (str, os.PathLike))
