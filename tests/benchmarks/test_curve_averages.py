"""The weights that the comparison of averages keeps, and its table."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch

from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.task import Scores
from benchmarks.curves.averages import ROWS, KeepWeights, report

TRIAL = Trial(number=3, learning_rate=1e-3, batch_size=4, epochs=2)


def test_the_tail_is_the_mean_of_the_last_quarter() -> None:
    scheduler: Any = KeepWeights([TRIAL])
    running = SimpleNamespace(trial=TRIAL, rung=0, rungs=8)
    theta = torch.zeros(1, 2)  # [slots, P]
    scheduler.population = SimpleNamespace(running=[running], stack=SimpleNamespace(theta=theta))
    for rung in range(1, 9):
        running.rung = rung
        theta[0] = torch.tensor([float(rung), -1.0])
        scheduler.on_rung_end([])
    best = RungReport(
        trial=TRIAL, rung=1, epoch=0.5, loss=1.0, score=0.5, scores=Scores(values={"dev": 0.5}), last=False
    )
    scheduler.on_trial_end(
        Outcome(
            trial=TRIAL,
            state="complete",
            reason="",
            kept=best,
            parameters=torch.tensor([2.0, -1.0]),
            predictions=None,
            seconds=1.0,
        )
    )
    kept = scheduler.kept[3]
    assert {kind: weights.tolist() for kind, weights in kept.items()} == {
        "best": [2.0, -1.0], "last": [8.0, -1.0], "tail": [7.5, -1.0],
    }  # fmt: skip


def record(seed: int, best: float, average: float, rows: int = ROWS) -> dict[str, Any]:
    kinds = {
        kind: {"runs": [{"test": best - 0.01}, {"test": best + 0.01}], "average": {"test": average}}
        for kind in ("best", "last", "tail")
    }
    return {"set": "snli", "strategy": "full", "seed": seed, "rows": rows, "kinds": kinds}


def test_the_table_has_the_mean_of_the_runs_beside_their_average() -> None:
    lines = report([record(0, 0.7, 0.71), record(1, 0.6, 0.64)]).splitlines()
    assert lines[4].startswith("| mean gain on the first | full |")
    assert lines[2].split(" | ")[3:5] == ["70.00", "71.00"]
    assert lines[4].split(" | ")[3:5] == ["+0.00 ± 0.00", "+2.50 ± 1.50"]


def test_training_on_more_rows_has_a_table_of_its_own() -> None:
    found = [record(0, 0.7, 0.71), record(1, 0.6, 0.64), record(1, 0.65, 0.66, rows=1_500)]
    _, table = report(found).split("\n\n")
    names, _, line = table.splitlines()
    assert names.split(" | ")[3:] == [
        "1,275 rows, runs", "1,275 rows, average", "1,500 rows, runs", "1,500 rows, average |",
    ]  # fmt: skip
    assert line == "| snli | full | 1 | 60.00 | 64.00 | 65.00 | 66.00 |"
