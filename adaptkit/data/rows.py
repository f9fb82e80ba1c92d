"""Rows and where each came from. Knows nothing of files, tasks or models."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptkit.task import Row


@dataclass(frozen=True)
class RawRow:
    """One row as a reader found it, not yet checked against a task."""

    origin: str
    """``"file:line"``, or ``"source row 12"`` where there are no lines."""

    values: Row
    problem: str = ""
    """Why this is no row at all; ``values`` is empty then, and the rows after it can still be read."""


@dataclass(frozen=True)
class RawSplit:
    """One of train, dev and test, not read yet."""

    source: str
    rows: Iterable[RawRow]
    """Can be iterated once; reading happens as it is iterated, and may raise DataError."""


@dataclass(frozen=True)
class Rows:
    """Clean rows in the task's one form, in the order of their source."""

    values: Sequence[Row]
    origins: Sequence[str]
    """Where each row stands: ``"file:line"`` or ``"source row 12"``."""

    source: str
    skipped: Sequence[str] = ()
    """Why each left-out row was left out, its origin first."""

    def __len__(self) -> int:
        return len(self.values)

    def take(self, positions: Iterable[int]) -> Rows:
        """The rows at these positions, in this order."""
        kept = list(positions)
        return Rows(
            values=[self.values[position] for position in kept],
            origins=[self.origins[position] for position in kept],
            source=self.source,
            skipped=self.skipped,
        )


def listed(names: Iterable[object], most: int = 10) -> str:
    """Names for a message, quoted so that control characters show, and cut after the first few."""
    every = list(names)
    more = f" and {len(every) - most:,} more" if len(every) > most else ""
    return ", ".join(shortened(name) for name in every[:most]) + more


def shortened(value: object, most: int = 80) -> str:
    """A value for a message: quoted, and cut in the middle of a long text."""
    quoted = repr(value)
    return quoted if len(quoted) <= most else f"{quoted[: most - 1]}…"


def counted(number: int, thing: str) -> str:
    """A number of things for a message: "1 row", "2,000 rows"."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
