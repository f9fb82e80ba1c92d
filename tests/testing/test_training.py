"""Defects in the metric and in the rows, found by training."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from adaptkit import Metric, Scores
from tests.helpers.conformance import only_failure
from tests.helpers.mood_tasks import (
    ACCURACY,
    CLASSIFIED,
    classifying,
    share_right,
)


@pytest.mark.parametrize("task", ["error", "accuracy"])
def test_a_metric_with_the_wrong_direction(task: str) -> None:
    def error(predictions: Any, rows: Any) -> Scores:
        return Scores(values={"error": 1 - share_right(predictions, rows).values["accuracy"]})

    wrong = {
        "error": Metric(name="error", direction="maximize", compute=error),
        "accuracy": dataclasses.replace(ACCURACY, direction="minimize"),
    }[task]
    finding = only_failure(classifying(metric=wrong), CLASSIFIED)
    assert finding.check == "metric"
    assert f"its direction is '{wrong.direction}'" in finding.problem
    assert f"expected a better {task} for the better model" in finding.problem
    assert "direction in Metric" in finding.fix


def test_rows_that_contradict_each_other() -> None:
    """Every text has every label."""
    rows = [{**row, "label": label} for row in CLASSIFIED for label in ("glad", "sad")]
    finding = only_failure(classifying(), rows)
    assert finding.check == "overfitting"
    assert "the mean loss went from" in finding.problem
