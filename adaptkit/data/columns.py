"""Gives the columns of a row the names that the task reads: those that the user named, then without case."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING

from adaptkit.data.refusals import MissingColumns
from adaptkit.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from adaptkit.task import Row, Task

INVISIBLE = "\ufeff\u200b\u00a0 \t"


def named_row(
    task: Task, values: Row, columns: Mapping[str, str], optional: Collection[str]
) -> tuple[Row, tuple[str, ...]]:
    """The row under the task's column names, without optional columns, and what was inferred for it.

    A column of the task that the row lacks is one whose name differs only in case and in spaces around it.
    Raises ValueError if a column that the user named is missing.
    """
    row = _renamed(values, columns, optional) if columns else values
    matched = _without_case(tuple(row), (*task.columns, *task.target_columns))
    if matched:
        row = {matched.get(name, name): value for name, value in row.items()}
    if optional:
        row = {name: value for name, value in row.items() if name not in optional}
    return row, notes_of(matched) if matched else ()


def refuse_misspelt(task: Task, columns: Mapping[str, str]) -> None:
    """Raise ConfigError if a name that the user gave is one of the task's columns with one letter wrong.

    It would be ignored otherwise, and another column read. Other names may be columns that the task reads
    although it does not list them.
    """
    known = dict.fromkeys((*task.columns, *task.target_columns))
    for name, file in columns.items():
        meant = next((one for one in known if name not in known and _is_misspelt(name, one)), None)
        if meant is not None:
            raise ConfigError(
                f"--column {name}={file}: the task {task.name!r} has no column {name!r}",
                expected=f"one of {', '.join(known)}",
                next_step=f"Write --column {meant}={file}, if that is meant.",
                code="misspelt-column",
            )


def _is_misspelt(name: str, meant: str) -> bool:
    """Whether two different names have the same letters in another order, or differ in one letter."""
    if abs(len(name) - len(meant)) == 1:
        short, long = sorted((name, meant), key=len)
        return any(long[:place] + long[place + 1 :] == short for place in range(len(long)))
    other = sum(one != its for one, its in zip(name, meant, strict=False))
    return len(name) == len(meant) and (other == 1 or sorted(name) == sorted(meant))


def in_lower_case(row: Row) -> Mapping[str, str]:
    """Each name that is not in lower case → the name in lower case; empty if two names would become one."""
    names = {name: folded(name) for name in row}
    changed = {name: folded for name, folded in names.items() if name != folded}
    return changed if len(set(names.values())) == len(names) else {}


def notes_of(matched: Mapping[str, str]) -> tuple[str, ...]:
    """What was inferred, for messages."""
    return tuple(f"the column {file!r} as {name!r}" for file, name in matched.items())


def _renamed(values: Row, columns: Mapping[str, str], optional: Collection[str]) -> Row:
    """The row under the task's column names.

    Raises ValueError if a column that the user named is missing.
    """
    absent = {name: file for name, file in columns.items() if file not in values and name not in optional}
    if absent:
        raise MissingColumns(absent, values, columns.values())
    moved = {name: values[file] for name, file in columns.items() if file in values}
    left = {name: value for name, value in values.items() if name not in columns.values()}
    return {**left, **moved}


@lru_cache(maxsize=64)
def _without_case(names: tuple[str, ...], known: tuple[str, ...]) -> Mapping[str, str]:
    """Each column of a row → the column of the task that it differs from in case and spaces only."""
    wanted = {folded(name): name for name in known if name not in names}
    found = {name: wanted[folded(name)] for name in names if name not in known and folded(name) in wanted}
    times = Counter(found.values())
    return {file: name for file, name in found.items() if times[name] == 1}


def folded(name: str) -> str:
    """The name without case and without spaces around it."""
    return name.strip(INVISIBLE).casefold()
