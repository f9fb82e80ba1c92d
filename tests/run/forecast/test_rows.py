"""The part of the rows that a forecast is measured on."""

from __future__ import annotations

from adaptkit.data.load import Dataset
from adaptkit.data.rows import Rows
from adaptkit.run.forecast.rows import ROWS_MEASURED, every, part_of, some


def rows(count: int, *, grouped: bool = False) -> Rows:
    groups = tuple(f"g{number}" for number in range(count)) if grouped else ()
    return Rows(
        [{"text": str(n)} for n in range(count)], [f"f:{n}" for n in range(count)], "f", groups=groups
    )


def data(train: int, dev: int) -> Dataset:
    return Dataset(
        train=rows(train, grouped=True), dev=rows(dev), test=rows(5), labels=(), fingerprint="", warnings=(),
        sample=False,
    )  # fmt: skip


def test_few_rows_are_all_measured_but_for_the_test_rows() -> None:
    part = part_of(data(ROWS_MEASURED, 50))
    assert (len(part.train), len(part.dev), part.test) == (ROWS_MEASURED, 50, None)


def test_of_many_rows_some_at_equal_distances() -> None:
    part = part_of(data(10 * ROWS_MEASURED, 100))
    assert (len(part.train), len(part.dev)) == (ROWS_MEASURED, 10)
    assert part.train.origins[:3] == ["f:0", "f:10", "f:20"]
    assert part.train.groups[:3] == ("g0", "g10", "g20")


def test_there_is_at_least_one_row_of_each() -> None:
    assert len(every(data(9, 1), 100).dev) == 1
    assert len(some(rows(1))) == 1
