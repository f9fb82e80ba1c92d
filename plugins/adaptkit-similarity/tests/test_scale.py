from __future__ import annotations

import math

import numpy as np
import pytest
from adaptkit_similarity.scale import Scale


@pytest.mark.parametrize(("lowest", "highest"), [(0, 5), (-1, 1), (0, 100), (1, 5)])
def test_a_scale_is_learned_as_minus_one_to_one(lowest, highest):
    scale = Scale(lowest=lowest, highest=highest)
    scores = np.linspace(lowest, highest, 7)
    targets = np.array([scale.target(score) for score in scores])
    assert targets.tolist() == pytest.approx(np.linspace(-1, 1, 7).tolist())
    assert scale.scores(targets).tolist() == pytest.approx(scores.tolist())


def test_a_number_beyond_an_end_is_that_end():
    scale = Scale(lowest=1, highest=5)
    assert scale.scores(np.array([-1.2, 1.2, -math.inf, 1e30])).tolist() == [1, 5, 1, 5]


@pytest.mark.parametrize(
    ("score", "band"),
    [(0, "0 to 1"), (0.99, "0 to 1"), (1, "1 to 2"), (4.2, "4 to 5"), (5, "4 to 5")],
)
def test_a_band_includes_its_lower_end(score, band):
    assert Scale(lowest=0, highest=5).band(score) == band


def test_bands_are_named_shortly_on_any_scale():
    scale = Scale(lowest=-1, highest=1)
    assert [scale.band(score) for score in (-1, -0.5, 0, 0.5, 1)] == [
        "-1 to -0.6", "-0.6 to -0.2", "-0.2 to 0.2", "0.2 to 0.6", "0.6 to 1",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lowest", "highest"), [(5, 0), (1, 1), (0, math.inf), (-math.inf, 0), (math.nan, 1), (0, math.nan)]
)
def test_a_scale_without_room_is_refused(lowest, highest):
    with pytest.raises(
        ValueError, match=rf"lowest = {lowest}, highest = {highest}; expected two numbers, the first less"
    ):
        Scale(lowest=lowest, highest=highest)


@pytest.mark.parametrize(("lowest", "highest"), [(0, 1), (1, 5), (-1, 1), (0, 3)])
def test_a_band_starts_at_its_name_on_any_scale(lowest, highest):
    scale = Scale(lowest=lowest, highest=highest)
    for part in range(5):
        low = round(lowest + part * (highest - lowest) / 5, 6)
        assert scale.band(low).startswith(f"{low:g} to ")
