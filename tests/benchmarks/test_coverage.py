"""What the benchmark of intervals draws, and what it counts."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.confirmation.coverage import covers, outcome, table
from benchmarks.confirmation.rows import classes, split_rows

ROWS = [(f"text {number}", str(number % 5)) for number in range(4000)]


def record(test: float, others: float, half: float = 0.05, **changes: Any) -> dict[str, Any]:
    """A run with one number, and intervals of these half-widths."""
    return {
        "set": "letters", "metric": "accuracy", "seed": 0,
        "test": {"accuracy": test}, "intervals": {"accuracy": [test - half, test + half]},
        "others": {"accuracy": others}, "other_intervals": {"accuracy": [others - 0.03, others + 0.03]},
        **changes,
    }  # fmt: skip


def test_rows_of_known_classes_are_drawn_without_overlap() -> None:
    test, others = split_rows(ROWS, {"0", "1", "2"}, seed=0)
    assert (len(test), len(others)) == (300, 1500)
    assert not set(test) & set(others)
    assert {row[-1] for row in (*test, *others)} == {"0", "1", "2"}
    assert split_rows(ROWS, {"0", "1", "2"}, seed=0)[0] == test
    assert split_rows(ROWS, {"0", "1", "2"}, seed=1)[0] != test
    assert len(split_rows(ROWS[:400], None, seed=0)[1]) == 100


def test_only_tasks_with_classes_have_known_ones() -> None:
    assert classes("nli", [("a", "b", "yes"), ("c", "d", "no")]) == {"yes", "no"}
    assert classes("similarity", [("a", "b", "1.5")]) is None


@pytest.mark.parametrize(
    ("other", "covered"), [(0.6, True), (0.658, True), (0.659, False), (0.542, True), (0.541, False)]
)
def test_both_half_widths_explain_a_difference(other: float, covered: bool) -> None:
    assert covers(0.6, (0.55, 0.65), other, (other - 0.03, other + 0.03)) is covered


def test_the_half_widths_are_those_between_the_scores() -> None:
    assert covers(0.6, (0.3, 0.61), 0.5, (0.2, 0.5001))
    assert not covers(0.6, (0.3, 0.61), 0.7, (0.6999, 0.9))


def test_a_number_without_interval_is_counted_apart() -> None:
    assert outcome(record(0.6, 0.655), "accuracy") == (True, False)
    assert outcome(record(0.6, 0.64), "accuracy") == (True, True)
    assert outcome(record(0.6, 0.8), "accuracy") == (False, False)
    assert outcome(record(1.0, 0.99, intervals={}), "accuracy") is None


def test_the_table_has_the_shares() -> None:
    runs = [record(0.6, 0.6), record(0.6, 0.655), record(0.6, 0.8), record(1.0, 0.9, intervals={})]
    assert "| letters | accuracy | 4 | 67% | 33% | 1 |" in table(runs)
    assert table(runs).endswith("| all | optimised | 4 | 67% | 33% | 1 |")
    assert "all" not in table([])
