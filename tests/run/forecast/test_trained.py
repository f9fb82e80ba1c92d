"""The trials that a forecast measures."""

from __future__ import annotations

import pytest

from adaptkit.run.forecast.trained import measured_sizes

SIZES = (8, 16, 32, 64)


@pytest.mark.parametrize(
    ("slots", "at_once", "expected"),
    [
        (1, 1, [32]),
        (2, 2, [16, 64]),
        (8, 1, [16, 64]),
        (8, 4, [8, 16, 32, 64]),
        (32, 8, [32] * 8),
        (32, 32, [32] * 8),
    ],
)
def test_few_trials_of_spread_sizes_are_measured(slots: int, at_once: int, expected: list[int]) -> None:
    assert measured_sizes(SIZES, slots, at_once) == expected


@pytest.mark.parametrize("slots", [1, 2, 5, 32])
def test_no_more_trials_are_measured_than_the_population_has(slots: int) -> None:
    assert len(measured_sizes((16,), slots, 32)) <= slots
