from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np

from adaptkit.data.folds import folds_of
from adaptkit.data.rows import Rows
from tests.helpers.number_task import number_task


def as_rows(values: list[dict[str, Any]]) -> Rows:
    return Rows(values, [f"f:{line}" for line in range(len(values))], "f")


def rows(count: int) -> Rows:
    return as_rows([{"text": f"text number {n}", "label": "abc"[n % 3]} for n in range(count)])


def test_every_fold_has_every_class_in_proportion() -> None:
    found = rows(60)
    folds = folds_of(number_task(), found, 5, seed=0)
    for fold in range(5):
        counts = Counter(row["label"] for row, its in zip(found.values, folds, strict=True) if its == fold)
        assert counts == {"a": 4, "b": 4, "c": 4}


def test_copies_of_a_row_are_in_one_fold() -> None:
    found = rows(30)
    copies = as_rows([{**row, "text": row["text"].upper() + "!"} for row in found.values])
    folds = folds_of(number_task(), found.joined(copies), 5, seed=1)
    assert np.array_equal(folds[:30], folds[30:])


def test_rows_of_a_group_are_in_one_fold() -> None:
    found = replace(rows(60), groups=[str(n // 4) for n in range(60)])
    folds = folds_of(number_task(), found, 5, seed=1)
    assert set(folds) == set(range(5))
    assert all(len(set(folds[start : start + 4])) == 1 for start in range(0, 60, 4))


def test_folds_depend_on_the_seed_alone() -> None:
    first, again, other = (folds_of(number_task(), rows(40), 4, seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_too_few_rows_of_each_class_are_no_error() -> None:
    assert sorted(folds_of(number_task(), rows(9), 5, seed=0)) == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_a_class_of_one_row_is_no_error() -> None:
    found = as_rows([*rows(12).values, {"text": "alone", "label": "d"}])
    assert set(folds_of(number_task(), found, 3, seed=0)) == {0, 1, 2}
