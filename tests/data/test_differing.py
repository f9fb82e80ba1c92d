from __future__ import annotations

from typing import Any

import pytest

from adaptkit.data.differing import differing

LAMP = "installed electrical arc light based illumination"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("bad", "good", ("'bad'", "'good'")),
        ("it's", "b\x1b", ('"it\'s"', "'b\\x1b'")),
        (["a", "b"], ["a"], ("a, b", "a")),
        ([], [{"text": "x", "start": 3}], ("none", "text x start 3")),
        (1.5, None, ("1.5", "None")),
        ([], [[]], ("[]", "[[]]")),
        ([], ["none"], ("[]", "['none']")),
    ],
)
def test_short_values_are_plain_text(first: Any, second: Any, expected: tuple[str, str]) -> None:
    assert differing(first, second) == expected


def test_long_values_are_cut_around_the_difference() -> None:
    ours, theirs = ([{"text": f"{LAMP} {more}", "start": 5}] for more in ("lamps in 1880", "systems in 1881"))
    first, second = differing(ours, theirs, 40)
    assert (first[0], second[0]) == ("…", "…")
    assert "illumination lamps in" in first
    assert "illumination systems in" in second
    assert max(len(first), len(second)) <= 42


def test_the_end_of_the_shorter_value_is_shown() -> None:
    first, second = differing(LAMP * 3, LAMP * 2, 30)
    assert first.startswith("'…")
    assert first.endswith("…'")
    assert second.endswith("based illumination'")
