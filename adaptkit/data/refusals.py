"""Why none of the rows can be used: the most frequent reason, and the next step that helps against it."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, TypeVar

from adaptkit.data.rows import listed
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from adaptkit.task import Row, Task

Item = TypeVar("Item")

SIMILAR = 0.75
"""From this ratio of equal letters on, a name is taken for another; 'intent' and 'text' have 0.6."""

QUOTED_OR_NUMBER = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|\d+(?:\.\d+)?")
"""The parts of a reason that differ from row to row."""


class MissingColumns(ValueError):
    """A row lacks columns that it must have."""

    def __init__(self, wanted: Mapping[str, str], columns: Collection[str], taken: Collection[str]) -> None:
        self.wanted = dict(wanted)
        """The task's name of each column → the name that the file lacks."""

        self.candidates = [name for name in columns if name not in taken]
        """The columns of the file that are not used for something else."""

        absent = listed(self.wanted.values())
        super().__init__(f"no column {absent}; the columns are {listed(columns)}")


class EmptyColumns(ValueError):
    """A row has no value in columns that it must have."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        super().__init__(f"no value in column {listed(self.names)}")


class NotARow(ValueError):
    """The reader could not read the row."""


KINDS = (MissingColumns, EmptyColumns, NotARow)


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used: its place, why, and what kind of error this is or comes from."""

    origin: str
    reason: str
    kind: ValueError | None = None
    """One of `KINDS`; None if the task alone refused the row."""

    @classmethod
    def of(cls, origin: str, error: ValueError) -> BadRow:
        """The bad row of an error, without the traceback, which would keep the row in memory."""
        known = (one for one in (error, error.__cause__) if isinstance(one, KINDS))
        kind = next(known, None)
        if kind is not None:
            kind.__traceback__ = kind.__context__ = kind.__cause__ = None
        return cls(origin, _cut(str(error)), kind)

    def __str__(self) -> str:
        return f"{self.origin}: {self.reason}"


def first_of(bad: Sequence[object], count: int = 0) -> str:
    """The first bad row, and the number of the others, of which ``bad`` may have only some of ``count``."""
    more = max(count, len(bad)) - 1
    if not more:
        return str(bad[0])
    return f"{bad[0]} (and {more:,} more bad row{'' if more == 1 else 's'})"


def expected_rows(task: Task, optional: Collection[str]) -> str:
    """The columns that a row must have, for messages."""
    columns = ((name, what) for name, what in task.columns.items() if name not in optional)
    return f"rows with {', '.join(f'{name!r} ({what})' for name, what in columns)}"


def nothing_left(
    task: Task, source: str, bad: Sequence[BadRow], skipped: Sequence[str], optional: Collection[str],
    without_answer: str = "",
) -> DataError:  # fmt: skip
    """The error for a source of which no row can be used.

    Args:
        task: the task that checked the rows.
        source: the file, folder or hub id.
        bad: the bad rows, in order.
        skipped: all rows that were left out, with their reasons.
        optional: the columns that a row need not have.
        without_answer: the next step if the rows lack the answer; empty if the task knows none.
    """
    expected = expected_rows(task, optional)
    lacking = _lacking(bad)
    if lacking is not None:
        return DataError(
            f"{source}: {lacking}",
            expected=expected,
            next_step=f"{_name_columns(task, lacking, source, without_answer)}{_other_forms(task)}",
            code="bad-row",
        )
    if bad:
        frequent = most_frequent(bad)
        return DataError(
            _described(source, bad, frequent),
            expected=expected,
            next_step=f"{_next_step(frequent[0], source)}{_other_forms(task)}",
            code="bad-row",
        )
    if skipped:
        return DataError(
            f"{source}: all of its rows ({len(skipped):,}) are left out; the first: {skipped[0]}",
            expected=expected,
            next_step="Choose a file that has labelled rows",
            code="all-rows-skipped",
        )
    return DataError(
        f"{source}: it contains no rows",
        expected=expected,
        next_step="Choose a file that contains rows",
        code="no-rows",
    )


def most_frequent(bad: Sequence[BadRow]) -> list[BadRow]:
    """The rows with the most frequent reason, in order; values and numbers in it may differ."""
    return kinds_of(bad, [one.reason for one in bad])[0]


def kinds_of(items: Sequence[Item], reasons: Sequence[str]) -> list[list[Item]]:
    """The items grouped by reason, the most frequent first; values and numbers in a reason may differ."""
    groups: defaultdict[str, list[Item]] = defaultdict(list)
    for item, reason in zip(items, reasons, strict=True):
        groups[QUOTED_OR_NUMBER.sub("…", reason)].append(item)
    return sorted(groups.values(), key=lambda group: -len(group))


def in_a_form(task: Task, row: Row) -> bool:
    """Whether a row has all columns of one of the forms that the task declares for JSON Lines."""
    return any(names and names <= set(row) for names in map(_names_in, _json_forms(task)))


def _json_forms(task: Task) -> list[str]:
    return [form.example for form in task.forms if form.suffix == ".jsonl"]


def _names_in(example: str) -> set[str]:
    """The columns of the first row of an example in JSON Lines."""
    try:
        first = json.loads(example.strip().split("\n")[0])
    except ValueError:
        return set()
    return set(first) if isinstance(first, dict) else set()


def _lacking(bad: Sequence[BadRow]) -> MissingColumns | None:
    """What all of several bad rows lack: it is the file that lacks it then, and no row is wrong."""
    kind = bad[0].kind if len(bad) > 1 else None
    if not isinstance(kind, MissingColumns):
        return None
    starts = (_cut(str(kind)), *(f"{name} = None" for name in kind.wanted))
    same = all(str(one.kind) == str(kind) and one.reason.startswith(starts) for one in bad)
    return kind if same else None


def _columns_of(error: MissingColumns) -> str:
    return "the column" if len(error.wanted) == 1 else "the columns"


def _name_columns(task: Task, lacking: MissingColumns, source: str, without_answer: str) -> str:
    """The options that name what all rows lack; for the answer, what the task knows, if it does.

    A file that the task reads itself has the task's names of columns, and no positions.
    """
    if all(file.isdecimal() and name in lacking.candidates for name, file in lacking.wanted.items()):
        named = " and ".join(f"--column {name}={file}" for name, file in lacking.wanted.items())
        return f"Leave out {named}: the task reads the columns of this file itself"
    others = {name: file for name, file in lacking.wanted.items() if name not in task.target_columns}
    if not without_answer or len(others) == len(lacking.wanted):
        return f"Name {_columns_of(lacking)} with {_column_options(lacking, source)}"
    if not others:
        return without_answer
    left = MissingColumns(others, lacking.candidates, ())
    return f"Name {_columns_of(left)} with {_column_options(left, source)}. {without_answer}"


def _described(source: str, bad: Sequence[BadRow], frequent: Sequence[BadRow]) -> str:
    if len(bad) == 1:
        return str(bad[0])
    share = "all of them" if len(frequent) == len(bad) else f"{len(frequent):,} of them"
    return (
        f"{source}: all of its {len(bad):,} rows are bad. The most frequent reason ({share}): {frequent[0]}"
    )


def _other_forms(task: Task) -> str:
    return f". 'adaptkit tasks {task.name}' shows other forms" if task.forms[1:] else ""


def _next_step(bad: BadRow, source: str) -> str:
    """What helps against the reason."""
    if isinstance(bad.kind, NotARow):
        return "Correct the file, or give it the suffix of its format, such as .csv, .jsonl or .parquet"
    if isinstance(bad.kind, EmptyColumns):
        names = bad.kind.names
        return f"Fill in {listed(names)} in the file, or name another column with --column {names[0]}=COLUMN"
    if isinstance(bad.kind, MissingColumns):
        options = _column_options(bad.kind, source)
        if bad.reason == _cut(str(bad.kind)):
            return f"Name {_columns_of(bad.kind)} with {options}"
        return f"Correct the rows; or if a column has another name, name it with {options}"
    if re.search(r"\boptions?\b", bad.reason):
        return "Use the option that the reason names, or correct the rows in the file"
    return "Correct the rows in the file"


def _column_options(error: MissingColumns, source: str) -> str:
    """The option that names the missing columns, with the file's columns that they may be."""
    left = error.candidates
    alone = len(error.wanted) == 1
    found = {name: _likely(absent, left, alone=alone) for name, absent in error.wanted.items()}
    options = " ".join(f"--column {name}={column or 'COLUMN'}" for name, column in found.items())
    unused = [column for column in left if column not in found.values()]
    which = "" if all(found.values()) or not unused else f", where COLUMN is one of {listed(unused)}"
    plain = re.search(r"\.(csv|tsv)(\.\w+)?$", source.lower())
    header = " (in a file without a header line, COLUMN is 1, 2, ...)" if plain else ""
    if left and all(column.isdecimal() for column in left):
        header = ". The first line is read as a row; if it has names of columns, name all columns by these"
    return f"{options}{which}{header}"


def _likely(name: str, columns: Sequence[str], *, alone: bool) -> str:
    """The column that is probably meant by a name; empty if that is not plain."""
    close = get_close_matches(name.lower(), [column.lower() for column in columns], n=1, cutoff=SIMILAR)
    if close:
        return next(column for column in columns if column.lower() == close[0])
    return columns[0] if alone and len(columns) == 1 else ""


def _cut(text: str, most: int = 500) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
