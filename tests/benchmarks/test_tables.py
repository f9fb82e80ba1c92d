"""The results of pruning and growth in sentences, tables and the chart."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest

from benchmarks.speed import cost_drawing, cost_table, pruning_table
from benchmarks.speed.cost import Size, sizes
from benchmarks.speed.outcome import Outcome, Scored, TrialOutcome
from benchmarks.speed.results import circumstances


def search(seconds: float, best: float, at: float, *, pruned: int = 0) -> dict[str, Any]:
    """A search of four trials, of which the first has the best score."""
    trials = [
        TrialOutcome(
            learning_rate=1e-3, batch_size=8, state="pruned" if number >= 4 - pruned else "complete",
            scored=[Scored(epoch=1.0, score=best - 0.01 * number, at=at + number)],
        )
        for number in range(4)
    ]  # fmt: skip
    return Outcome(
        trials=trials, direction="maximize", before_training=1.0, training=4.0, trained_parameters=1,
        encoder_epochs=1.0, seconds=seconds,
    ).as_values()  # fmt: skip


@pytest.fixture
def circumstance() -> dict[str, Any]:
    return {
        "name": "tried", **circumstances(), "busy_before": 0.0,
        "model": "tiny", "data": "rows", "scores": True,
        "device": {"name": "cpu (1 threads)", "threads": 1, "peak": 1e9},
        "setting": {"strategy": "full", "trials": [{}] * 4, "epochs": 1, "precision": "fp32"},
    }  # fmt: skip


def test_pruning_in_words(circumstance: dict[str, Any]) -> None:
    sides = {"without": search(20, 0.8, 10), "with": search(10, 0.79, 2, pruned=2)}
    record = {**circumstance, "pairs": [{"seed": 3, "sides": sides}]}
    said = pruning_table.medians(record)
    assert "took 50% of the time" in said
    assert "after 20% of the time to the best without, 10% of all of it" in said
    assert "-1.00 points" in said
    (row,) = [line for line in pruning_table.table([record]).splitlines() if "| 3 |" in line]
    assert row.endswith("| 20.0 | 10.0 | 0.8000 | 10.0 | 2.0 | 0.7900 | 2 of 4 |")
    assert "2 of 4" in pruning_table.in_words(record)


def point(axis: str, size: Size, seconds: float) -> dict[str, Any]:
    return {
        "axis": axis, "trials": size.trials, "rows": size.rows, "tokens": size.tokens, "seconds": seconds,
        "before_training": 1.0, "training": seconds - 1, "peak_memory": 2**29, "peak_device_memory": 0,
    }  # fmt: skip


def test_one_axis_grows_at_a_time() -> None:
    base = Size(trials=2, rows=10, tokens=16)
    found = sizes(base, {"trials": [1, 4], "rows": [20], "tokens": [32]})
    assert found == [
        ("trials", Size(trials=1, rows=10, tokens=16)),
        ("trials", Size(trials=4, rows=10, tokens=16)),
        ("rows", Size(trials=2, rows=20, tokens=16)),
        ("tokens", Size(trials=2, rows=10, tokens=32)),
    ]


def test_growth_in_words_and_drawn(circumstance: dict[str, Any]) -> None:
    grown = {"trials": [1, 4], "rows": [10, 1000], "tokens": [16]}
    found = sizes(Size(trials=1, rows=10, tokens=16), grown)
    points = [point(axis, size, 1 + size.trials * size.rows / 10) for axis, size in found]
    record = {**circumstance, "points": points}
    said = cost_table.growth(record)
    assert said == [
        "4 times as many trials (1 to 4): 4.0 times the training, 2.5 times all seconds,"
        " 1.0 times the memory.",
        "100 times as many training rows (10 to 1,000): 100.0 times the training, 50.5 times all seconds,"
        " 1.0 times the memory.",
    ]
    assert len([line for line in cost_table.table([record]).splitlines() if line.startswith("| cpu")]) == 5
    drawing = ElementTree.fromstring(cost_drawing.svg([record]))
    lines = drawing.findall(".//{http://www.w3.org/2000/svg}polyline")
    assert len(lines) == 6  # three axes, seconds and memory
    (start, end) = [tuple(map(float, place.split(","))) for place in lines[0].attrib["points"].split()]
    assert start[0] < end[0]
    assert start[1] > end[1]  # more seconds are higher
