from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from adaptkit.analysis.baselines import baseline_scores, out_of_fold_scores
from adaptkit.task import MAJORITY_CLASS, Metric, Row, Scores, Task
from adaptkit.tasks import registry
from adaptkit.tasks.baselines import TFIDF

ROWS = [{"text": f"text {number}", "label": "odd" if number % 2 else "even"} for number in range(8)]
LABELS = ["even", "odd"]


def remembered(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
    """The labels of training rows with the same text; "unknown" for other texts."""
    known = {row["text"]: row["label"] for row in train}
    return {"memory": [{"label": known.get(row["text"], "unknown")} for row in rows]}


@pytest.fixture
def task() -> Task:
    return replace(registry.load("text-classification"), baseline=remembered)


def test_the_scores_are_the_metrics(task: Task) -> None:
    scores = baseline_scores(task, ROWS[:6], ROWS, LABELS)
    assert scores["memory"]["accuracy"] == 6 / 8
    assert scores["memory"].keys() == {"accuracy", "macro_f1"}


def test_no_row_is_predicted_by_a_model_trained_on_it(task: Task) -> None:
    assert out_of_fold_scores(task, ROWS, [0, 1, 2, 0, 1, 2, 0, 1], LABELS)["memory"]["accuracy"] == 0


def test_out_of_fold_predictions_are_in_the_order_of_the_rows(task: Task) -> None:
    doubled, folds = [*ROWS, *ROWS], [0] * 4 + [1] * 4 + [1] * 4 + [0] * 4
    assert out_of_fold_scores(task, doubled, folds, LABELS)["memory"]["accuracy"] == 1


def test_a_baseline_does_not_see_the_answers(task: Task) -> None:
    def columns(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
        assert all(row.keys() == {"text"} for row in rows)
        assert all(row.keys() == {"text", "label"} for row in train)
        return {"even": [{"label": "even"} for _ in rows]}

    assert baseline_scores(replace(task, baseline=columns), ROWS, ROWS, LABELS)["even"]["accuracy"] == 0.5


def test_a_task_without_baselines_has_no_scores(task: Task) -> None:
    assert baseline_scores(replace(task, baseline=None), ROWS, ROWS, LABELS) == {}
    assert out_of_fold_scores(replace(task, baseline=None), ROWS, [0, 1] * 4, LABELS) == {}


def test_missing_predictions_are_refused(task: Task) -> None:
    short = replace(task, baseline=lambda train, rows, labels: {"short": [{"label": "even"}]})
    with pytest.raises(ValueError, match="short: 1 predictions; expected one for each of 8 rows"):
        baseline_scores(short, ROWS, ROWS, LABELS)
    with pytest.raises(ValueError, match="short: 1 predictions; expected one for each of 4 rows"):
        out_of_fold_scores(short, ROWS, [0, 1] * 4, LABELS)


def test_numbers_that_are_not_finite_are_left_out(task: Task) -> None:
    metric = Metric(
        name="one", direction="maximize", compute=lambda *_: Scores(values={"one": 1.0, "two": math.nan})
    )
    assert baseline_scores(replace(task, metric=metric), ROWS, ROWS, LABELS) == {"memory": {"one": 1.0}}


def test_a_constant_has_no_correlation_out_of_fold() -> None:
    """The mean of the other folds is low where a fold's scores are high."""
    similarity = registry.load("similarity")
    rows = [
        {"sentence1": f"a {word}", "sentence2": f"the {word}", "score": float(number % 6)}
        for number, word in enumerate(["cat", "dog", "car", "bus", "tree", "leaf"] * 4)
    ]
    found = out_of_fold_scores(similarity, rows, [0, 0, 0, 1, 1, 1] * 4, [])["mean score"]
    assert found["pearson"] == found["spearman"] == 0
    assert found["absolute_error"] == pytest.approx(1.5)


def test_the_majority_class_is_the_same_in_all_folds() -> None:
    """Without a fold that has more rows of one class than the others, the other class is the majority."""
    task = registry.load("text-classification")
    for folds in ([0, 1] * 4, [0, 1, 2, 1, 2, 2, 0, 0]):
        found = out_of_fold_scores(task, ROWS, folds, LABELS)
        assert found[MAJORITY_CLASS]["accuracy"] == 0.5


def test_a_constant_does_not_depend_on_the_folds(task: Task) -> None:
    def first(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
        return {"first": [{"label": train[0]["label"]} for _ in rows]}

    scores = out_of_fold_scores(replace(task, baseline=first), ROWS, [0, 1] * 4, LABELS)
    assert scores["first"]["accuracy"] == 0.5


def test_what_is_constant_in_folds_only_has_no_leak() -> None:
    """Each fold has one row, so all predictions of a fold are alike, and those of a trained model, too."""
    task = registry.load("text-classification")
    rows = [{"text": f"word{number}", "label": row["label"]} for number, row in enumerate(ROWS)]
    own = out_of_fold_scores(task, rows, list(range(8)), LABELS)[TFIDF]["accuracy"]
    assert own < baseline_scores(task, rows, rows, LABELS)[TFIDF]["accuracy"] == 1


def test_predictions_that_are_arrays_are_no_constant(task: Task) -> None:
    def arrays(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]) -> Mapping[str, Any]:
        return {"arrays": [{"label": train[0]["label"], "all": np.zeros(2)} for _ in rows]}

    scores = out_of_fold_scores(replace(task, baseline=arrays), ROWS, [0, 1] * 4, LABELS)
    assert scores["arrays"]["accuracy"] == 0
