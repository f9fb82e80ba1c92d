from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.run.row_results import RowResult, worst_first

TASKS = {"text-classification": "accuracy", "ner": "f1"}


def result(place: str, right: bool | None, loss: float) -> RowResult:
    return RowResult(place=place, row={}, expected={}, predicted={}, right=right, loss=loss)


def test_rows_that_are_right_are_left_out() -> None:
    results = [result("a", True, 9), result("b", False, 1), result("c", None, 3), result("d", False, 2)]
    assert [one.place for one in worst_first(results)] == ["c", "d", "b"]
    first, *_ = worst_first([*results, result("e", False, math.nan)])
    assert first.place == "e"


@pytest.mark.parametrize("task", TASKS)
def test_the_results_agree_with_predictions_and_scores(
    task: str, tuned: Callable[[str, str], Any], data_folder: Path
) -> None:
    study = tuned(task, "full")
    data = next((data_folder / task).glob("test.*"))
    results = adaptkit.row_results(study, data)
    evaluation = adaptkit.evaluate(study, data)
    assert len(results) == evaluation.rows
    assert [one.predicted for one in results] == study.load().predict(data)
    if TASKS[task] == "accuracy":
        right = sum(bool(one.right) for one in results)
        assert right / len(results) == pytest.approx(evaluation.values["accuracy"])
    assert all(one.place.startswith(f"{data}:") for one in results)
    assert all(set(one.expected).isdisjoint(one.row) and one.expected for one in results)
