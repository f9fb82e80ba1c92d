from __future__ import annotations

import pytest

from adaptkit.api.durations import seconds_in


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90),
        ("30m", 1800),
        ("1.5h", 5400),
        ("2d", 172_800),
        (" 45 ", 45),
        *(("", None), ("1h30", None), ("-1m", None), ("5 m", None)),
    ],
)
def test_durations(text: str, seconds: float | None) -> None:
    assert seconds_in(text) == seconds
