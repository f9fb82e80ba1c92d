"""Names the columns of a table by its first line, or by their positions where the user named these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.data.rows import listed
from adaptkit.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

USUAL_NAMES = frozenset(
    {
        "id", "text", "texts", "sentence", "utterance", "query", "question", "title", "content", "message",
        "label", "labels", "category", "class", "intent", "target", "topic", "sentiment", "score", "rating",
    }
)  # fmt: skip
"""Names of columns in published data sets, besides those of the task."""

NAMED_BY_HEADER = "the first line as the names of columns"
NAMED_BY_POSITION = "a file without a header line, the first line as a row"
"""What is said about a table whose columns the user named by position."""


@dataclass(frozen=True)
class Columns:
    """The columns of a table."""

    names: Sequence[str]
    is_header: bool
    """Whether the first line has the names, and is not a row."""

    notes: tuple[str, ...] = ()
    """What was inferred."""


def columns_of(cells: Sequence[str], wanted: Collection[str], known: Collection[str]) -> Columns:
    """The columns of a table with this first line. A position that the user named replaces the name there.

    Args:
        cells: the fields of the first line.
        wanted: the columns that the user named: names, or numbers from 1.
        known: the task's columns.
    """
    usual = USUAL_NAMES | {name.casefold() for name in known}
    positions = _positions(cells, wanted, usual)
    if not positions:
        return Columns(cells, is_header=True)
    numbers = [str(number) for number in range(1, len(cells) + 1)]
    if positions == set(wanted) and not _are_names(cells, positions, known, usual):
        return Columns(numbers, is_header=False, notes=(NAMED_BY_POSITION,))
    names = [number if number in positions else name for number, name in zip(numbers, cells, strict=True)]
    return Columns(names, is_header=True, notes=(NAMED_BY_HEADER,))


def _positions(cells: Sequence[str], wanted: Collection[str], usual: Collection[str]) -> set[str]:
    """The wanted columns that are positions.

    Numbers are names where the first line has all of them among other numbers and usual names, as pandas
    writes it. Beside other cells a number is more probably a label: ``good film,1``.
    """
    numbers = {name for name in wanted if name.isdecimal()}
    if numbers != set(wanted):
        return numbers - set(cells)
    are_names = numbers <= set(cells) and all(
        not cell or cell.isdecimal() or cell.casefold() in usual for cell in cells
    )
    return set() if are_names else numbers


def _are_names(
    cells: Sequence[str], positions: Collection[str], known: Collection[str], usual: Collection[str]
) -> bool:
    """Whether the first line plainly is a header: two of its cells are usual names, or all those named are
    columns of the task."""
    own = {name.casefold() for name in known}
    folded = {str(number): cell.casefold() for number, cell in enumerate(cells, start=1)}
    names = [cell for cell in folded.values() if cell in usual]
    return len(names) > 1 or all(folded.get(number) in own for number in positions)


def check_header(path: Path, number: int, header: Sequence[str], problem: str) -> None:
    """Raise DataError if the first line of a table has this problem, or names a column twice."""
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        problem = f"the columns {listed(twice)} occur twice"
    if problem:
        raise DataError(
            f"{path}:{number}: {problem}",
            expected="a first line that names each column once",
            next_step="Correct the first line, or add one",
            code="bad-header",
        )
