"""How many trainings the confirmation takes, before the trials have scores."""

from __future__ import annotations

from typing import Any

import pytest

from adaptkit.config import DataConfig, SearchConfig, StudyConfig
from adaptkit.run.repeated import Repeated, repeated


def config(strategy: str, **search: Any) -> StudyConfig:
    return StudyConfig(
        task="text-classification", strategy=strategy, data=DataConfig(), search=SearchConfig(**search),
    )  # fmt: skip


@pytest.mark.parametrize("search", [{"trials": 8, "confirm": 0}, {"trials": 3}, {"trials": 1, "confirm": 2}])
def test_nothing_is_repeated_where_no_trial_is_confirmed(search: dict[str, Any]) -> None:
    assert repeated(config("full", **search), 8).total == 0


@pytest.mark.parametrize(
    ("strategy", "search", "trainings", "expected"),
    [
        ("full", {"trials": 8}, 4, (2, 2)),
        ("lora", {"trials": 20}, 20, (4, 5)),
        ("full", {"trials": 8, "confirm": 3}, 4, (3, 3)),
        ("full", {"trials": 2, "confirm": 3}, 2, (2, 3)),
        ("frozen", {"trials": 8}, 4, (4, 5)),
        ("frozen", {"trials": 8, "confirm": 2}, 4, (4, 2)),
    ],
)
def test_candidates_and_runs(
    strategy: str, search: dict[str, Any], trainings: int, expected: tuple[int, int]
) -> None:
    found = repeated(config(strategy, **search), trainings)
    assert (found.candidates, found.runs) == expected
    assert found.total == expected[0] * expected[1]


def test_an_average_keeps_the_weights_of_all_runs_of_the_winner() -> None:
    assert repeated(config("full", trials=8, confirm=3), 8, averages=True) == Repeated(3, 3, 5)
