"""Rows with their origin, and how messages show names and values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

from adaptkit.data.packed import packed, taken

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from adaptkit.task import DataWarning, Row


@dataclass(frozen=True)
class RawRow:
    """One row as a reader found it, not yet checked by a task."""

    origin: str
    """``"file:line"``, or ``"source row 12"`` if the source has no lines."""

    values: Row
    problem: str = ""
    """Why this is not a row; ``values`` is then empty. The rows after it can still be read."""

    left_out: str = ""
    """Why the row's answer does not count, such as that an annotator rejected it; empty if it does."""

    empty: str = ""
    """Why there is nothing here to read, such as that a line is empty; ``values`` is then empty."""

    notes: tuple[str, ...] = ()
    """What was inferred to read it, such as the format or the delimiter."""


@dataclass(frozen=True)
class RawSplit:
    """One of train, dev and test, not read yet."""

    source: str
    rows: Iterable[RawRow]
    """Can be iterated once. The iteration reads the source and may raise DataError."""


@dataclass(frozen=True)
class Rows:
    """Checked rows in the task's standard form, in the order of their source."""

    values: Sequence[Row]
    origins: Sequence[str]
    """The place of each row: ``"file:line"`` or ``"source row 12"``."""

    source: str
    skipped: Sequence[str] = ()
    """For each row that was left out, its origin and the reason."""

    groups: Sequence[str] = ()
    """The group of each row; all rows of a group are in one split. Empty for rows without groups."""

    grouped_by: str = ""
    """The column whose value the rows of a group share, for messages."""

    read_as: Sequence[str] = ()
    """What was inferred to read the rows, each in a few words."""

    warnings: Sequence[str] = ()
    """What the task's survey of the rows warned of, each a sentence."""

    unknown_labels: int = 0
    """How many rows were left out because a label of theirs is not one of the model's."""

    asked: NDArray[np.int64] | None = None
    """``[rows, 2]``: what `adaptkit.data.duplicates` compares, while the rows are being loaded."""

    names: Sequence[frozenset[str]] | None = None
    """The labels of each row, while the rows are being loaded; rows with the same labels share one set."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, positions: Iterable[int]) -> Rows:
        """The rows at these positions, in this order."""
        kept = list(positions)
        return replace(
            self,
            values=taken(self.values, kept),
            origins=taken(self.origins, kept),
            groups=[self.groups[position] for position in kept] if self.groups else (),
            asked=None if self.asked is None else self.asked[kept],
            names=None if self.names is None else [self.names[position] for position in kept],
        )

    def also_read_as(self, notes: Sequence[str]) -> Rows:
        """These rows, with more that was inferred to read them."""
        return replace(self, read_as=(*self.read_as, *notes))

    def joined(self, other: Rows) -> Rows:
        """These rows, then those of another split of the same source."""
        return replace(
            self,
            values=packed(chain(self.values, other.values)),
            origins=packed(chain(self.origins, other.origins)),
            groups=[*self.groups, *other.groups],
            asked=None,
            names=None,
        )


def listed(names: Iterable[object], most: int = 10) -> str:
    """Names for a message, quoted so that control characters are visible, limited to the first few."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(shortened(name) for name in every[:most]) + more


def shortened(value: object, most: int = 80) -> str:
    """A value for a message: quoted, and truncated if it is long."""
    quoted = repr(value)
    return quoted if len(quoted) <= most else f"{quoted[: most - 1]}…"


def counted(number: int, thing: str) -> str:
    """A number of things for a message: "1 row", "2,000 rows"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def sentence_of(warning: DataWarning, place: str) -> str:
    """The warning of a task in words, with the place of its first row."""
    quoted = f" ({shortened(warning.quoted, 40)})" if warning.quoted else ""
    remedy = f" {warning.next_step.rstrip('.')}." if warning.next_step else ""
    return f"{warning.problem}; the first: {place}{quoted}.{remedy}"


def texts_in(value: object) -> Iterator[str]:
    """The texts of a row, also those in its lists and dictionaries."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from texts_in(one)
    elif isinstance(value, (list, tuple)):
        for one in value:
            yield from texts_in(one)
