"""Defects in the optional parts that read rows alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit import DataWarning, Form, Row, Task, class_baselines, classification_metric, most_probable_class
from adaptkit.testing import data
from adaptkit.testing.findings import Nonconformity, NotApplicable
from adaptkit.testing.fixtures import Fixtures
from tests.helpers.conformance import only_failure
from tests.helpers.mood_tasks import CLASSIFIED, classifying

PAIRED: list[Row] = [{**row, "other": f"and {row['text']}"} for row in CLASSIFIED]
GOOD = Form(name="a text and its mood", example='{"text": "It is warm.", "label": "glad"}\n')

CHECKS = {"forms": data.forms, "audit": data.audit, "text pair": data.text_pair, "baseline": data.baseline}


@pytest.fixture
def problem_of(tmp_path: Path) -> Callable[[str, Task], str]:
    """What a check says about a task, with how to fix it."""

    def problem(check: str, task: Task) -> str:
        with pytest.raises(Nonconformity) as caught:
            CHECKS[check](Fixtures(task, CLASSIFIED, tmp_path))
        assert caught.value.next_step.endswith(".")
        return str(caught.value)

    return problem


def test_optional_parts_that_are_right(tmp_path: Path) -> None:
    task = classifying(
        forms=(GOOD, Form(name="a table", example="text,label\nIt is cold.,sad\n", suffix=".csv")),
        audit=lambda rows: [DataWarning(problem="something", row=len(rows) - 1)],
        text_pair=("text", "other"),
        baseline=class_baselines("text"),
        decode=most_probable_class,
        metric=classification_metric,
    )
    for check in CHECKS.values():
        check(Fixtures(task, PAIRED, tmp_path))


@pytest.mark.parametrize("check", list(CHECKS))
def test_optional_parts_may_be_absent(check: str, tmp_path: Path) -> None:
    with pytest.raises(NotApplicable):
        CHECKS[check](Fixtures(classifying(), CLASSIFIED, tmp_path))


def test_a_finding_of_the_kit() -> None:
    finding = only_failure(classifying(text_pair=("text", "reply")), CLASSIFIED)
    assert finding.check == "text pair"


@pytest.mark.parametrize(
    ("form", "problem"),
    [
        (Form(name="no mood", example='{"text": "It is warm."}'), "no column 'label'"),
        (Form(name="a table", example="It is cold.,sad\n", suffix=".csv"), ""),
        (Form(name="own file", example="It is cold.", suffix=".mood"), ""),
    ],
)
def test_a_form_whose_example_cannot_be_read(
    form: Form, problem: str, problem_of: Callable[[str, Task], str]
) -> None:
    found = problem_of("forms", classifying(forms=(GOOD, form)))
    assert found.startswith(f"the example of the form {form.name!r} cannot be used: ")
    assert problem in found


@pytest.mark.parametrize("found", [["something"], [DataWarning(problem="x", row=99)]])
def test_an_audit_without_places(found: list[Any], problem_of: Callable[[str, Task], str]) -> None:
    problem = problem_of("audit", classifying(audit=lambda rows: found))
    assert "Expected a DataWarning with the position of a row" in problem


@pytest.mark.parametrize("columns", [("text", "reply"), ("text", "text"), ("text", "label")])
def test_a_text_pair_of_missing_columns(
    columns: tuple[str, str], problem_of: Callable[[str, Task], str]
) -> None:
    assert f"text_pair = {list(columns)}" in problem_of("text pair", classifying(text_pair=columns))


COUNTER = itertools.count()


@pytest.mark.parametrize(
    ("baseline", "problem"),
    [
        (lambda train, rows, labels: {}, "no predictions"),
        (lambda train, rows, labels: {"first": [labels[0]]}, "1 predictions for 12 rows"),
        (
            lambda train, rows, labels: {"turns": [labels[next(COUNTER) % 5 % 2] for _ in rows]},
            "other predictions for the same rows",
        ),
    ],
)
def test_a_baseline_that_is_not_one(
    baseline: Any, problem: str, problem_of: Callable[[str, Task], str]
) -> None:
    assert problem in problem_of("baseline", classifying(baseline=baseline))


def test_a_baseline_that_reads_the_answers(tmp_path: Path) -> None:
    task = classifying(baseline=lambda train, rows, labels: {"reads": [row["label"] for row in rows]})
    with pytest.raises(KeyError):
        data.baseline(Fixtures(task, CLASSIFIED, tmp_path))


def test_a_baseline_whose_predictions_the_metric_refuses(problem_of: Callable[[str, Task], str]) -> None:
    task = classifying(
        baseline=lambda train, rows, labels: {"plain": [labels[0]] * len(rows)},
        decode=most_probable_class,
        metric=classification_metric,
    )
    problem = problem_of("baseline", task)
    assert "the metric fails on the predictions of the baseline 'plain': TypeError" in problem
