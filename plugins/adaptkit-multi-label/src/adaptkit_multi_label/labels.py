"""The labels of a row in every form: names, numbers, a text, vectors of 0 and 1, and columns of 0 and 1."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptkit import named_class, plain_number, read_written

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adaptkit import Row

BETWEEN = r"\s*[,;|\s]\s*"
VECTOR = re.compile(rf"[01](\.0)?({BETWEEN}[01](\.0)?)+")
"""Zeros and ones in one text, which are no name."""

COLUMNS = ("labels", "label")
"""The names of the column; the task's own name comes first."""

VALUES = {0: False, "0": False, "false": False, 1: True, "1": True, "true": True}
"""What a field of a vector or of a label's column may be, and whether the row then has the label."""


@dataclass(frozen=True, kw_only=True)
class Labels:
    """How the labels of rows are written."""

    separator: str = "|"
    """What is between two labels that are one text."""

    names: Sequence[str] | None = None
    """The names of labels that are numbers."""

    columns: Sequence[str] = ()
    """The columns with 0 and 1, one for each label."""

    vector_length: int = 0
    """The length of lists with a 0 or a 1 for each label; 0 for lists of names or numbers of labels."""

    def of(self, row: Row) -> list[str] | None:
        """The names of a row's labels without repetitions; None if the row has none of the columns.

        Raises ValueError that says what is wrong.
        """
        if self.columns and any(name in row for name in self.columns):
            return self._in_columns(row)
        given = self._listed(row)
        if given is None:
            return None
        return self._in_vector(given) if self.vector_length else self._named(given)

    def length_of_vectors(self, rows: Sequence[Row]) -> int:
        """The length of the rows' vectors of 0 and 1; 0 if their lists are names or numbers of labels.

        One of them has a value twice, and most lists are such; or all lists are, and two differ in order.
        """
        lists = [tuple(map(_truth, given)) for given in self._readable(rows)]
        vectors = [one for one in lists if None not in one]
        length = max(Counter(map(len, vectors)).items(), key=lambda item: item[1], default=(0, 0))[0]
        alike = [one for one in vectors if len(one) == length]
        if length < 2:
            return 0
        repeated = any(len(set(one)) < length for one in alike) and 2 * len(alike) > len(lists)
        reordered = len(set(alike)) > 1 and len(alike) == len(lists)
        return length if repeated or reordered else 0

    def _readable(self, rows: Sequence[Row]) -> Iterator[Sequence[Any]]:
        """The list of each row that has one."""
        for row in rows:
            with suppress(ValueError):
                if (given := self._listed(row)) is not None:
                    yield given

    def _listed(self, row: Row) -> Sequence[Any] | None:
        given = next((row[name] for name in COLUMNS if row.get(name) is not None), None)
        given = read_written(given, "labels") if str(given).strip().startswith("[") else given
        if isinstance(given, str) and VECTOR.fullmatch(given.strip()):
            return re.split(BETWEEN, given.strip())
        if isinstance(given, str):
            return given.split(self.separator) if given.strip() else []
        if given is not None and not isinstance(given, (list, tuple)):
            raise ValueError(
                f"labels = {given!r:.80}; expected a list of names, or a text with {self.separator!r} "
                "between them"
            )
        return given

    def _named(self, given: Sequence[Any]) -> list[str]:
        return list(dict.fromkeys(named_class(one, self.names) for one in given))

    def _in_vector(self, given: Sequence[Any]) -> list[str]:
        names = self.names or [f"label_{position}" for position in range(self.vector_length)]
        if len(names) != len(given):
            reason = "one for each of label_names" if self.names else "as in the other rows"
            raise ValueError(f"labels has {len(given)} numbers; expected {len(names)}, {reason}")
        for value in given:
            if _truth(value) is None:
                raise ValueError(f"labels holds {value!r:.80}; expected 0 or 1, as in the other rows")
        return [name for name, value in zip(names, given, strict=True) if _truth(value)]

    def _in_columns(self, row: Row) -> list[str]:
        absent = [name for name in self.columns if name not in row]
        if absent:
            raise ValueError(f"no column {', '.join(map(repr, absent))}, which label_columns names")
        for name in self.columns:
            if _truth(row[name]) is None:
                raise ValueError(f"{name} = {row[name]!r:.80}; expected 0 or 1")
        return [name for name in self.columns if _truth(row[name])]


def columns_of_labels(rows: Sequence[Row]) -> list[str]:
    """The columns that have a 0 or a 1 in each row; none if a row has a column of labels."""
    if any(name in row for row in rows for name in COLUMNS):
        return []
    names = dict.fromkeys(name for row in rows for name in row)
    return [name for name in names if all(_truth(row.get(name)) is not None for row in rows)]


def in_columns(names: Sequence[str]) -> str:
    """How to say that these columns are the labels, for a message."""
    listed = ",".join(names)
    return (
        f"Name the columns of the labels with --option label_columns={shlex.quote(listed)}, without those of "
        "them that are no labels"
    )


def _truth(value: object) -> bool | None:
    """Whether a field says that the row has the label; None if it is neither 0 nor 1."""
    plain = plain_number(value)
    if isinstance(plain, str):
        plain = plain.strip().lower()
    return VALUES.get(plain) if isinstance(plain, (str, int)) else None
