"""Reads rows to be predicted one by one, so that the memory does not grow with their number.

The source is read twice: first to check every row, so that nothing is predicted if one is bad, and then to
predict.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from adaptkit.data.checks import CORRECT_OR_SKIP, prepared_row, surveyed
from adaptkit.data.load import UnlabelledSource, unlabelled_source
from adaptkit.data.refusals import BadRow, expected_rows, first_of, nothing_left
from adaptkit.errors import DataError
from adaptkit.task import SkipRow

if TYPE_CHECKING:
    from adaptkit.data.options import ReadOptions
    from adaptkit.task import Row, Task

ROWS_TO_SURVEY = 10_000
"""`Task.survey` sees so many rows of a source that is streamed."""

MOST_KEPT = 1_000
"""So many reasons for leaving out a row are kept."""


@dataclass(frozen=True)
class NumberedRow:
    """A checked row, and where it was found."""

    number: int
    """In its source, from 1."""

    place: str
    """``"file:line"``, or ``"source row 12"`` if the source has no lines."""

    values: Row


@dataclass(kw_only=True)
class StreamedRows:
    """Checked rows of a source, which are read again when they are iterated over."""

    source: str
    numbered: Callable[[], Iterator[NumberedRow]]
    """The rows with their numbers; those that are left out have numbers, too."""

    count: int = 0
    """The number of rows without those that are left out."""

    skipped: list[str] = field(default_factory=list)
    """For the first `MOST_KEPT` rows that are left out, the origin and the reason."""

    left_out: int = 0
    """The number of rows that are left out."""

    read_as: tuple[str, ...] = ()

    def __iter__(self) -> Iterator[Row]:
        return (row.values for row in self.numbered())


def stream_unlabelled(
    task: Task, source: str, *, columns: Mapping[str, str], skip_bad_rows: bool, options: ReadOptions
) -> StreamedRows:
    """The rows of a source to be predicted, as `adaptkit.data.load.read_unlabelled` gives them.

    Formats that are one document, such as a JSON array, are read completely.

    Raises:
        DataError: a row is bad and bad rows are not skipped, or no row remains.
    """
    return _checked(task, unlabelled_source(task, source, columns, options), columns, skip_bad_rows)


def _checked(
    task: Task, source: UnlabelledSource, columns: Mapping[str, str], skip_bad_rows: bool
) -> StreamedRows:
    """Read all rows once: count them, and refuse bad ones."""
    optional = task.target_columns
    split = source.open()
    first = islice(split.rows, ROWS_TO_SURVEY if task.survey else 0)
    found = surveyed(task, first, columns, optional)

    def numbered() -> Iterator[NumberedRow]:
        for number, raw in enumerate(source.open().rows, 1):
            with suppress(ValueError):
                clean, _ = prepared_row(task, raw, columns, optional, found.prepare)
                yield NumberedRow(number, raw.origin, clean)

    streamed = StreamedRows(source=split.source, numbered=numbered)
    read_as: dict[str, None] = {}
    bad: list[BadRow] = []
    refused = 0
    for raw in source.open().rows:
        try:
            _, notes = prepared_row(task, raw, columns, optional, found.prepare)
            streamed.count += 1
            read_as |= dict.fromkeys((*raw.notes, *notes))
        except ValueError as error:
            streamed.left_out += 1
            counts = not isinstance(error, SkipRow)
            refused += counts
            if streamed.left_out <= MOST_KEPT or (counts and not bad):
                streamed.skipped.append(str(row := BadRow.of(raw.origin, error)))
                bad += [row] if counts else []
    if not streamed.count:
        raise nothing_left(task, split.source, bad, streamed.skipped, optional)
    if refused and not skip_bad_rows:
        expected = expected_rows(task, optional)
        raise DataError(first_of(bad, refused), expected=expected, next_step=CORRECT_OR_SKIP, code="bad-row")
    streamed.read_as = (*read_as, *found.notes(), *source.hints)
    return streamed
