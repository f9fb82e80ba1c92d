from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from adaptkit.data.folds import folds_of
from tests.helpers.number_task import number_task


def rows(count: int) -> list[dict[str, Any]]:
    return [{"text": f"text number {n}", "label": "abc"[n % 3]} for n in range(count)]


def test_every_fold_has_every_class_in_proportion() -> None:
    found = rows(60)
    folds = folds_of(number_task(), found, 5, seed=0)
    for fold in range(5):
        counts = Counter(row["label"] for row, its in zip(found, folds, strict=True) if its == fold)
        assert counts == {"a": 4, "b": 4, "c": 4}


def test_copies_of_a_row_are_in_one_fold() -> None:
    found = rows(30)
    copies = [{**row, "text": row["text"].upper() + "!"} for row in found]
    folds = folds_of(number_task(), [*found, *copies], 5, seed=1)
    assert np.array_equal(folds[:30], folds[30:])


def test_folds_depend_on_the_seed_alone() -> None:
    first, again, other = (folds_of(number_task(), rows(40), 4, seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_class_of_one_row_is_no_error() -> None:
    found = [*rows(12), {"text": "alone", "label": "d"}]
    assert set(folds_of(number_task(), found, 3, seed=0)) == {0, 1, 2}
