"""Splits that are drawn anew keep what the study's own split keeps, and depend on their number alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.duplicates import question_of
from adaptkit.data.load import Dataset, load
from adaptkit.data.reshuffled import held_out_rows, with_split
from adaptkit.tasks import registry
from tests.helpers.data import moods, write_csv

TASK = registry.load("text-classification")


@pytest.fixture
def data(tmp_path: Path) -> Dataset:
    rows = moods(90, seed=1)
    copies = rows[:9]
    return load(TASK, DataConfig(train=str(write_csv(tmp_path / "rows.csv", [*rows, *copies]))), seed=0)


def test_split_0_is_that_of_the_data(data: Dataset) -> None:
    again = with_split(data, held_out_rows(TASK, data, 0.15, 0, 3)[0])
    assert (again.train.origins, again.dev.origins) == (data.train.origins, data.dev.origins)


def test_each_split_keeps_the_classes_in_proportion(data: Dataset) -> None:
    for held in held_out_rows(TASK, data, 0.15, 0, 6).values():
        split = with_split(data, held)
        assert len(split.dev) == len(data.dev)
        counts = Counter(row["label"] for row in split.dev.values)
        assert max(counts.values()) - min(counts.values()) <= 1
        assert sorted([*split.train.origins, *split.dev.origins]) == sorted(
            [*data.train.origins, *data.dev.origins]
        )


def test_copies_of_a_row_stay_together(data: Dataset) -> None:
    question = question_of(TASK)
    for held in held_out_rows(TASK, data, 0.15, 0, 6).values():
        split = with_split(data, held)
        train, dev = (set(map(question, rows.values)) for rows in (split.train, split.dev))
        assert train.isdisjoint(dev)


def test_groups_stay_together(data: Dataset) -> None:
    grouped = replace(data, train=replace(data.train, groups=[str(n % 12) for n in range(len(data.train))]))
    grouped = replace(grouped, dev=replace(data.dev, groups=[str(12 + n % 4) for n in range(len(data.dev))]))
    for held in held_out_rows(TASK, grouped, 0.15, 0, 6).values():
        split = with_split(grouped, held)
        assert set(split.train.groups).isdisjoint(split.dev.groups)


def test_a_split_depends_on_its_number_and_the_seed_alone(data: Dataset) -> None:
    few, many, other = (
        held_out_rows(TASK, data, 0.15, seed, count) for seed, count in ((0, 4), (0, 9), (1, 4))
    )
    assert all(list(few[split]) == list(many[split]) for split in few)
    assert list(few[2]) != list(other[2])
    assert all(set(one) != set(two) for one, two in combinations(many.values(), 2))
    assert all(list(held) == sorted(held) for held in many.values())
