"""Which configurations are confirmed, and with how many runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from adaptkit.search.confirmation import affordable, candidates
from adaptkit.study.record import RungRecord, TrialRecord


def record(number: int, score: float | None, rate: float | None = None, rungs: int = 4) -> TrialRecord:
    scored = [RungRecord(epoch=1.0, score=score, loss=1.0)] * rungs if score is not None else []
    return TrialRecord(
        number=number, state="fail" if score is None else "complete", reason="",
        origin="default" if number == 0 else "search", seed=number,
        hyperparameters={"learning_rate": number if rate is None else rate},
        rungs=scored, best_rung=None if score is None else 0,
    )  # fmt: skip


SCORES = [0.5, 0.9, 0.7, None, 0.8]


@pytest.mark.parametrize(
    ("direction", "most", "chosen"),
    [
        ("maximize", 4, [1, 4, 2, 0]),
        ("maximize", 2, [1, 0]),
        ("minimize", 3, [2, 4, 0]),
    ],
)
def test_the_best_ones_and_the_default(direction: str, most: int, chosen: Sequence[int]) -> None:
    records = [record(number, score) for number, score in enumerate(SCORES)]
    assert candidates(records, direction, most) == chosen


def test_the_default_is_compared_with_the_next_best() -> None:
    assert candidates([record(0, 0.9), record(1, 0.5), record(2, 0.6)], "maximize", 2) == [2, 0]


def test_equal_configurations_are_one_candidate() -> None:
    records = [record(0, 0.5), record(1, 0.9, rate=7.0), record(2, 0.8, rate=7.0), record(3, 0.7, rate=0.0)]
    assert candidates(records, "maximize", 4) == [1, 0]


def test_a_default_that_failed_is_confirmed() -> None:
    records = [record(0, None), record(1, 0.5)]
    assert candidates(records, "maximize", 4) == [1, 0]
    interrupted = replace(records[0], reason="interrupted: SIGINT")
    assert candidates([interrupted, records[1]], "maximize", 4) == []


@pytest.mark.parametrize("records", [[], [record(0, 0.5)], [record(0, None)], [record(1, 0.5)]])
def test_nothing_to_compare(records: Sequence[TrialRecord]) -> None:
    assert candidates(records, "maximize", 4) == []


@pytest.mark.parametrize(
    ("trainings", "found"),
    [(1, (2, 2)), (4, (2, 2)), (8, (2, 4)), (9, (3, 3)), (12, (4, 3)), (16, (4, 4)), (100, (4, 5))],
)
def test_as_much_training_as_the_search(trainings: int, found: tuple[int, int]) -> None:
    records = [record(number, 0.5, rungs=4) for number in range(trainings)]
    assert affordable(records, rungs=4) == found
