"""Which evaluation of a trial is kept, on learning curves, and the table of real pairs."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.curves import alone, evaluation, pairs

POINTS = [(0.5, 0.4), (0.8, 0.6), (0.79, 0.7), (0.8, 0.5), (0.6, 0.9)]


@pytest.mark.parametrize(
    ("choice", "point"), [("last of the best", 3), ("last within half a standard error", 3), ("the last", 4)]
)
def test_the_choices(choice: str, point: int) -> None:
    assert evaluation.CHOICES[choice](POINTS, 0.02) == POINTS[point]
    assert evaluation.best(POINTS, 0.02) == POINTS[1]
    assert evaluation.last_within(1.0)(POINTS[:3], 0.02) == POINTS[2]


def test_a_trial_ends_with_its_patience() -> None:
    assert evaluation.until_patience([(0.9, 0.1), *POINTS]) == [(0.9, 0.1), *POINTS][:4]
    assert evaluation.until_patience(POINTS) == POINTS


def test_gains_are_on_the_test_rows_in_points() -> None:
    about = {"set": "snli", "rows": "100", "strategy": "full", "seed": "0", "run": "0", "batch_size": "16"}
    lines = [
        {**about, "learning_rate": "1e-4", "dev_rows": "100", "dev": str(dev), "test": str(test)}
        for dev, test in POINTS
    ]
    ((key, (gains,)),) = evaluation.gains([{**lines[0], "learning_rate": ""}, *lines]).items()
    assert key == ("snli", "100", "full")
    assert gains == pytest.approx([-10, -10, -10, 30])
    assert "| snli | 100 | full | 1 | -10.00 | -10.00 | -10.00 | +30.00 |" in evaluation.compared(lines)


def test_what_patience_costs_is_on_the_test_rows() -> None:
    about = {"set": "snli", "rows": "100", "strategy": "full", "seed": "0", "run": "0", "batch_size": "16"}
    points = [(0.9, 0.1), *POINTS]
    lines = [
        {**about, "learning_rate": "1e-4", "dev_rows": "100", "dev": str(dev), "test": str(test)}
        for dev, test in [*points, (0.95, 0.7)]
    ]
    gains, times = alone.changes(lines, 1 / 3)
    assert gains == pytest.approx([-60])  # ended after four rungs of seven, before the best one
    assert times == pytest.approx([4 / 7])
    assert "| all | full | 1 | a third | 57% | -60.00 |" in alone.compared(lines)


def test_pairs_are_shown_when_both_sides_are_there() -> None:
    def side(name: str, **numbers: Any) -> dict[str, Any]:
        return {
            "set": "snli",
            "strategy": "full",
            "seed": 0,
            "side": name,
            "dev": 0.5,
            "test": 0.25,
            **numbers,
        }

    one = side("without", rungs=100, cpu=80.4, pruned=0)
    other = side("with", rungs=50, cpu=40.0, pruned=3)
    assert pairs.table([one]).count("\n") == 1
    row = pairs.table([one, other]).splitlines()[-1]
    assert row == "| snli | full | 0 | 100 | 50 | 80 | 40 | 3 | 50.0 | 50.0 | 25.0 | 25.0 |"
