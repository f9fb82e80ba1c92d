from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from adaptkit import Metric, Row, Scores
from adaptkit.analysis.row_results import TRIED, right_rows
from adaptkit.tasks import registry


def labelled(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label} for label in labels]


def tagged(*tags: str) -> list[dict[str, Any]]:
    return [{"tokens": ["Ada", "sang"], "tags": its.split()} for its in tags]


def test_a_class_is_right_or_wrong() -> None:
    metric = registry.load("text-classification").metric
    predictions = [{**one, "probabilities": {}} for one in labelled("a", "b", "b")]
    assert right_rows(metric, predictions, labelled("a", "b", "a"), ["label"]) == [True, True, False]
    assert right_rows(metric, predictions[2:], labelled("a"), ["label"]) == [False]  # whatever else there is


def test_entities_are_right_only_if_all_are() -> None:
    gold = tagged("B-PER O", "O O", "O O", "B-PER O", "B-PER B-LOC")
    found = tagged("B-PER O", "O O", "B-LOC O", "O O", "B-PER O")
    metric = registry.load("ner").metric
    assert metric.compute([found[1]], [gold[1]]).values["f1"] == 0  # right, but nothing to find
    assert right_rows(metric, found, gold, ["tags"]) == [True, True, False, False, False]
    assert right_rows(metric, found[1:2], gold[1:2], ["tags"]) == [True]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_without_a_best_score_no_row_is_right_or_wrong(direction: Any) -> None:
    def errors(predictions: Sequence[Any], rows: Sequence[Row]) -> Scores:
        return Scores(values={"error": 2.0 if direction == "maximize" else 1.0})

    metric = Metric(name="error", direction=direction, compute=errors)
    assert right_rows(metric, [0, 0], [{}, {}], ["label"]) == [None, None]


def test_a_correlation_is_undefined_for_one_row() -> None:
    metric = registry.load("similarity").metric
    assert right_rows(metric, [1.0, 2.0], [{"score": 1.0}, {"score": 2.0}], ["score"]) == [None, None]


def test_a_metric_that_fails_is_not_tried_for_all() -> None:
    calls: list[int] = []

    def none(predictions: Sequence[Any], rows: Sequence[Row]) -> Scores:
        calls.append(len(rows))
        raise ValueError("one row")

    metric = Metric(name="none", direction="maximize", compute=none)
    assert right_rows(metric, [0] * 50, [{}] * 50, ["label"]) == [None] * 50
    assert len(calls) == TRIED
