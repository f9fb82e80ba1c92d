from __future__ import annotations

import pytest

from adaptkit.study.ranges import plain_range


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("1e-04 … 1e+00 (log)", "0.0001 … 1 (log)"),
        ("1e-05 … 2e-04 (log)", "1e-5 … 0.0002 (log)"),
        ("1.5e-03 … 1e+04 (log)", "0.0015 … 10000 (log)"),
        ("2e+04 … 3e+10 (log)", "2e4 … 3e10 (log)"),
        ("0e+00", "0e0"),
        ("8, 16, 32", "8, 16, 32"),
    ],
)
def test_searched_ranges_have_plain_numbers(text: str, shown: str) -> None:
    assert plain_range(text) == shown
