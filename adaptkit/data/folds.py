"""Assigns rows to folds for cross-validation: stratified, with each group in one fold."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from adaptkit.data.duplicates import question_of
from adaptkit.data.labels import strata_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adaptkit.data.rows import Rows
    from adaptkit.task import Task


def groups_of(task: Task, rows: Rows) -> Sequence[str]:
    """The group of each row; of rows without groups their question."""
    return rows.groups or list(map(question_of(task), rows.values))


def folds_of(task: Task, rows: Rows, count: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row, from 0: ``[rows]``.

    A stratum is `task.stratify_by`'s, else the rarest label of a row. Rows without groups are grouped by
    their question (see `question_of`), so that no row is scored by a model that was trained on its copy.
    There must be as many groups as folds.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    strata, groups = strata_of(task, rows.values), groups_of(task, rows)
    if max(Counter(strata).values()) < count:
        strata = [""] * len(rows)  # too small to be in proportion
    splitter = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
    folds = np.zeros(len(rows), dtype=np.int64)  # [rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of strata with fewer rows than folds
        for fold, (_, held_out) in enumerate(splitter.split(strata, strata, groups)):
            folds[held_out] = fold
    return folds
