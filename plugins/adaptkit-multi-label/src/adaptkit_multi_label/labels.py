"""The labels of a row in every form: names, numbers, a text, vectors of 0 and 1, and columns of 0 and 1."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from adaptkit import named_class, plain_number, read_written

if TYPE_CHECKING:
    from collections.abc import Sequence

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

    vectors: bool = False
    """Whether a list has a 0 or a 1 for each label."""

    def of(self, row: Row) -> list[str] | None:
        """The names of a row's labels without repetitions; None if the row has none of the columns.

        Raises ValueError that says what is wrong.
        """
        if self.columns and any(name in row for name in self.columns):
            return self._in_columns(row)
        given = self._listed(row)
        if given is None:
            return None
        return self._in_vector(given) if self.vectors else self._named(given)

    def are_vectors(self, rows: Sequence[Row]) -> bool:
        """Whether the lists of all rows are vectors of 0 and 1, and not the numbers of labels.

        They have the same length, and one of them has a value twice, or two of them differ in order.
        """
        lists = []
        for row in rows:
            try:
                given = self._listed(row)
            except ValueError:
                continue
            if given is not None:
                lists.append(tuple(map(_truth, given)))
        if not lists or len({len(one) for one in lists}) > 1 or len(lists[0]) < 2:
            return False
        if any(value is None for one in lists for value in one):
            return False
        return any(len(set(one)) < len(one) for one in lists) or len(set(lists)) > 1

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
        names = self.names or [f"label_{position}" for position in range(len(given))]
        if len(names) != len(given):
            raise ValueError(
                f"labels has {len(given)} numbers; expected {len(names)}, one for each of label_names"
            )
        return [name for name, value in zip(names, given, strict=True) if _truth(value)]

    def _in_columns(self, row: Row) -> list[str]:
        absent = [name for name in self.columns if name not in row]
        if absent:
            raise ValueError(f"no column {', '.join(map(repr, absent))}, which label_columns names")
        for name in self.columns:
            if _truth(row[name]) is None:
                raise ValueError(f"{name} = {row[name]!r:.80}; expected 0 or 1")
        return [name for name in self.columns if _truth(row[name])]


def _truth(value: object) -> bool | None:
    """Whether a field says that the row has the label; None if it is neither 0 nor 1."""
    plain = plain_number(value)
    if isinstance(plain, str):
        plain = plain.strip().lower()
    return VALUES.get(plain) if isinstance(plain, (str, int)) else None
