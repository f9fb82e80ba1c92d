"""The trials that a forecast measures."""

from __future__ import annotations

import pytest

from adaptkit.run.measured_trained import spread


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [32]), (2, [16, 64]), (4, [8, 16, 32, 64]), (8, [8, 8, 16, 16, 32, 32, 64, 64])],
)
def test_sizes_are_spread(count: int, expected: list[int]) -> None:
    assert spread((8, 16, 32, 64), count) == expected


def test_a_single_size_is_used_by_all() -> None:
    assert spread((16,), 3) == [16, 16, 16]
