from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.run.row_results import RowResult, _as_answer, confusions, worst_first

TASKS = {"text-classification": "accuracy", "ner": "f1"}


def result(place: str, right: bool | None, loss: float) -> RowResult:
    return RowResult(place=place, row={}, expected={}, predicted={}, right=right, loss=loss)


def pair(answer: dict[str, Any], predicted: dict[str, Any], row: dict[str, Any] | None = None) -> RowResult:
    alike = {"expected": answer, "predicted_answer": predicted, "predicted": {}}
    return RowResult(place="", row=row or {}, **alike, right=None, loss=0)


def test_confusions_are_counted_and_ordered() -> None:
    pairs = [("a", "b"), ("b", "a"), ("b", "a"), ("a", "a"), ("a", "c")]
    results = [pair({"label": label}, {"label": other}) for label, other in pairs]
    assert confusions(results) == [("b", "a", 2), ("a", "b", 1), ("a", "c", 1)]


@pytest.mark.parametrize(
    ("prediction", "predicted"),
    [
        ({"label": "b"}, {"class": "b"}), (3, {"label": "b", "probability": 0.9}),
        ({"label": "b"}, {"prediction": {"label": "b"}}), (3, {"prediction": {"label": "b"}}),
    ],
)  # fmt: skip
def test_the_predicted_answer_is_found_in_each_form(prediction: Any, predicted: dict[str, Any]) -> None:
    assert _as_answer({"label": "a"}, prediction, predicted) == {"label": "b"}
    assert _as_answer({"score": 1.0}, prediction, predicted) == {}


def test_the_tags_of_words_are_counted_word_by_word() -> None:
    row = {"tokens": ["Ada", "Lovelace", "sang"]}
    tagged = pair({"tags": ["B-PER", "I-PER", "O"]}, {"tags": ["B-ORG", "I-PER", "O"]}, row)
    assert confusions([tagged, tagged]) == [("B-PER", "B-ORG", 2)]


@pytest.mark.parametrize(
    ("answer", "prediction"),
    [
        ({"labels": ["a"]}, {"labels": ["b"]}), ({"label": "a", "other": "b"}, {"label": "b"}),
        ({"label": "a"}, {}), ({}, {"label": "b"}), ({"score": 1.0}, {"score": 2.0}),
    ],
)  # fmt: skip
def test_other_answers_have_no_confusions(answer: dict[str, Any], prediction: dict[str, Any]) -> None:
    assert confusions([pair(answer, prediction)]) == []


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
