"""The part of the rows that a forecast is measured on."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from adaptkit.data.load import Dataset
    from adaptkit.data.rows import Rows

ROWS_MEASURED = 400
"""So many training rows are measured; their number is a compromise between precision and patience."""


def part_of(data: Dataset) -> Dataset:
    """The data with about `ROWS_MEASURED` training rows, without test rows.

    They are taken at equal distances. The dev rows are as many in proportion, at least one.
    """
    return every(data, max(1, len(data.train) // ROWS_MEASURED))


def every(data: Dataset, step: int) -> Dataset:
    """The training and dev rows at these distances."""
    return replace(data, train=_every(data.train, step), dev=_every(data.dev, step), test=None)


def some(rows: Rows) -> Rows:
    """About `ROWS_MEASURED` of the rows."""
    return _every(rows, max(1, len(rows) // ROWS_MEASURED))


def _every(rows: Rows, step: int) -> Rows:
    groups = rows.groups[::step] if rows.groups else ()
    return replace(rows, values=rows.values[::step], origins=rows.origins[::step], groups=groups)
