from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from adaptkit import Metric, Row, Scores
from adaptkit.analysis.row_results import confusions, right_rows
from adaptkit.tasks import registry


def labelled(*labels: str) -> list[dict[str, Any]]:
    return [{"label": label} for label in labels]


def tagged(*tags: str) -> list[dict[str, Any]]:
    return [{"tokens": ["Ada", "sang"], "tags": its.split()} for its in tags]


def test_a_class_is_right_or_wrong() -> None:
    metric = registry.load("text-classification").metric
    predictions = [{**one, "probabilities": {}} for one in labelled("a", "b", "b")]
    assert right_rows(metric, predictions, labelled("a", "b", "a")) == [True, True, False]


def test_entities_are_right_only_if_all_are() -> None:
    gold = tagged("B-PER O", "O O", "O O", "B-PER O", "B-PER B-LOC")
    found = tagged("B-PER O", "O O", "B-LOC O", "O O", "B-PER O")
    metric = registry.load("ner").metric
    assert metric.compute([found[1]], [gold[1]]).values["f1"] == 0  # right, but nothing to find
    assert right_rows(metric, found, gold) == [True, True, False, False, False]


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_without_a_best_score_no_row_is_right_or_wrong(direction: Any) -> None:
    def errors(predictions: Sequence[Any], rows: Sequence[Row]) -> Scores:
        return Scores(values={"error": 0.5 if direction == "maximize" else 1.0})

    metric = Metric(name="error", direction=direction, compute=errors)
    assert right_rows(metric, [0, 0], [{}, {}]) is None


def test_a_correlation_is_undefined_for_one_row() -> None:
    metric = registry.load("similarity").metric
    assert right_rows(metric, [1.0, 2.0], [{"score": 1.0}, {"score": 2.0}]) is None


def test_without_rows_there_is_no_result() -> None:
    metric = replace(registry.load("ner").metric)
    assert right_rows(metric, [], []) is None


def test_confusions_are_counted_and_ordered() -> None:
    pairs = [("a", "b"), ("b", "a"), ("b", "a"), ("a", "a"), ("a", "c")]
    found = confusions(labelled(*(one for one, _ in pairs)), labelled(*(other for _, other in pairs)))
    assert found == [("b", "a", 2), ("a", "b", 1), ("a", "c", 1)]


@pytest.mark.parametrize(
    ("answer", "prediction"),
    [
        ({"labels": ["a"]}, {"labels": ["b"]}),
        ({"label": "a", "other": "b"}, {"label": "b"}),
        ({"label": "a"}, {"class": "b"}),
        ({}, {"label": "b"}),
    ],
)
def test_other_answers_have_no_confusions(answer: dict[str, Any], prediction: dict[str, Any]) -> None:
    assert confusions([answer], [prediction]) == []
