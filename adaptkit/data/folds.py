"""Assigns rows to folds for cross-validation: stratified, with equal questions in one fold."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from adaptkit.data.duplicates import question_of
from adaptkit.data.labels import labels_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adaptkit.task import Row, Task


def folds_of(task: Task, rows: Sequence[Row], count: int, seed: int) -> NDArray[np.int64]:
    """The fold of each row, from 0: ``[rows]``.

    A stratum is `task.stratify_by`'s, else the rarest label of a row. Rows with the same question (see
    `question_of`) are in one fold, so that no row is scored by a model that was trained on its copy.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    strata, groups = _strata(task, rows), list(map(question_of(task), rows))
    splitter = StratifiedGroupKFold(n_splits=count, shuffle=True, random_state=seed)
    folds = np.zeros(len(rows), dtype=np.int64)  # [rows]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of strata with fewer rows than folds
        for fold, (_, held_out) in enumerate(splitter.split(strata, strata, groups)):
            folds[held_out] = fold
    return folds


def _strata(task: Task, rows: Sequence[Row]) -> list[str]:
    if task.stratify_by is not None:
        return [str(task.stratify_by(row)) for row in rows]
    names = [labels_of(task, row) for row in rows]
    counts = Counter(name for its in names for name in its)
    return [min(its, key=lambda name: (counts[name], name), default="") for its in names]
