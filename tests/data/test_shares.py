"""Labels that are far more frequent in one split than in another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from adaptkit.data.rows import Rows
from adaptkit.data.shares import share_warnings
from adaptkit.task import Task

MakeTask = Callable[..., Task]


def rows_of(*labels: Sequence[str]) -> Rows:
    values = [{"text": f"text {place}", "labels": list(one)} for place, one in enumerate(labels)]
    return Rows(values, [f"a.csv:{line}" for line in range(2, len(values) + 2)], "a.csv")


@pytest.fixture
def task(make_task: MakeTask) -> Task:
    return make_task(labels_of=lambda row: set(row["labels"]))


def test_labels_that_were_lost(task: Task) -> None:
    train = rows_of(*[["hot"], ["cold"], ["hot", "sour"], []] * 20)
    dev = rows_of(*[["hot"], [], ["hot", "sour"], [], []] * 8, *[[]] * 20)
    (warning,) = share_warnings(task, {"train": train, "dev": dev})
    assert warning.startswith("dev: 73% of the rows have no label, but 25% of the training rows")


def test_a_label_that_is_far_more_frequent(task: Task) -> None:
    train = rows_of(*[["hot"], ["cold"]] * 40)
    same, other = rows_of(*[["hot"], ["cold"]] * 20), rows_of(*[["cold"]] * 40)
    assert share_warnings(task, {"train": train, "dev": same}) == []
    (warning,) = share_warnings(task, {"train": train, "dev": same, "test": other})
    assert warning.startswith("test: 100% of the rows have the label 'cold', but 50% of the training rows")


def test_differences_by_chance_or_of_little_are_none(task: Task) -> None:
    train = rows_of(*[["hot"], ["cold"]] * 40)
    assert share_warnings(task, {"train": train, "dev": rows_of(*[["hot"]] * 6, ["cold"])}) == []
    many = rows_of(*[["hot"], ["hot"], ["hot"], ["cold"], ["cold"]] * 4000)
    assert share_warnings(task, {"train": many, "dev": train}) == []


def test_tasks_without_labels(make_task: MakeTask, task: Task) -> None:
    rows = {"train": rows_of(["hot"]), "dev": rows_of(["cold"])}
    assert share_warnings(make_task(labels_of=None), rows) == []
    assert share_warnings(task, {"train": rows_of(), "dev": rows_of(["hot"])}) == []
