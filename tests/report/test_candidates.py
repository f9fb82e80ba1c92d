"""The table of the configurations that were trained again."""

from __future__ import annotations

import pytest

from adaptkit.report import candidates
from adaptkit.report.formatting import NONE
from adaptkit.report.markdown import as_markdown
from tests.helpers.confirmations import BEATS, UNFINISHED
from tests.helpers.studies import edge_studies


def test_the_rows_of_the_table() -> None:
    rows = candidates.rows(BEATS)
    assert [row.cells for row in rows] == [
        ["8", "3", "0.8860", "0.0044", "+0.0203", "+0.0120 to +0.0421"],
        ["6", "3", "0.8930", "0.0040", "+0.0273", "+0.0120 to +0.0421"],
        ["0 (default)", "3", "0.8657", "0.0045", NONE, NONE],
    ]
    assert [(row.winner, row.default) for row in rows] == [(False, False), (True, False), (False, True)]


def test_the_rows_so_far() -> None:
    assert [row.cells[:3] for row in candidates.rows(UNFINISHED)] == [
        ["8", "2 of 3", "0.8850"], ["6", "1 of 3", "0.8890"], ["0 (default)", "0 of 3", NONE],
    ]  # fmt: skip
    assert candidates.head(UNFINISHED) == "3 configurations, 3 runs of each with new seeds"
    assert candidates.legend(UNFINISHED, "f1") == "f1 so far."


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.031, "+0.0310"), (-0.031, "-0.0310"), (-0.00001, "0.0000"), (12.5, "+12.50"), (None, NONE)],
)
def test_a_difference_has_a_sign(value: float | None, text: str) -> None:
    assert candidates.signed(value) == text


def test_markdown_has_the_table() -> None:
    text = as_markdown(*edge_studies()["beats"])
    assert "| **6** | 3 | 0.8930 | 0.0040 | +0.0273 | +0.0120 to +0.0421 |" in text
    assert "## Confirmation" not in as_markdown(*edge_studies()["finished"])
