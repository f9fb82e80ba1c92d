from __future__ import annotations

import pytest

from adaptkit.run.training import timeout_warning


@pytest.mark.parametrize(
    ("cut_short", "remaining", "parts"),
    [(0, 3, ["will train: 3"]), (2, 0, ["their scores so far: 2"])],
)
def test_the_warning_counts_what_the_timeout_stopped(
    cut_short: int, remaining: int, parts: list[str]
) -> None:
    warning = timeout_warning(cut_short, remaining)
    assert warning.startswith("the timeout was reached; ")
    assert all(part in warning for part in parts)
    assert warning.count(";") == 1
