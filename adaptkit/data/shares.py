"""Finds labels whose share of the rows differs so much between the splits that some were probably lost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING

from adaptkit.data.labels import names_in
from adaptkit.data.rows import shortened

if TYPE_CHECKING:
    from adaptkit.data.rows import Rows
    from adaptkit.task import Task

SMALLEST_DIFFERENCE = 0.2
MOST_DEVIATIONS = 4.0
"""There is a warning of two shares if their difference is larger than the first number, and than so many of
the standard deviations that it has for rows drawn alike."""

NO_LABEL = None


def share_warnings(task: Task, splits: Mapping[str, Rows]) -> list[str]:
    """A warning for each split in which a label is far more or less frequent than in the training rows."""
    if task.labels_of is None or not len(splits["train"]):
        return []
    train = _counts(task, splits["train"])
    others = {name: rows for name, rows in splits.items() if name != "train" and len(rows)}
    found = {name: _difference(train, len(splits["train"]), _counts(task, rows), len(rows))
             for name, rows in others.items()}  # fmt: skip
    return [_sentence(name, *one) for name, one in found.items() if one is not None]


def _counts(task: Task, rows: Rows) -> Counter[str | None]:
    """The rows with each label, and with none."""
    counts: Counter[str | None] = Counter()
    for names, times in Counter(names_in(task, rows)).items():
        counts.update(dict.fromkeys(names or [NO_LABEL], times))
    return counts


def _difference(
    train: Counter[str | None], train_rows: int, other: Counter[str | None], rows: int
) -> tuple[str | None, float, float] | None:
    """The label with the largest difference, and its shares in the training rows and in the others."""
    found = []
    for label in {*train, *other}:
        one, two = train[label] / train_rows, other[label] / rows
        pooled = (train[label] + other[label]) / (train_rows + rows)
        deviation = math.sqrt(pooled * (1 - pooled) * (1 / train_rows + 1 / rows))
        if abs(one - two) > max(SMALLEST_DIFFERENCE, MOST_DEVIATIONS * deviation):
            found.append((label, one, two))
    return max(found, key=lambda entry: (abs(entry[1] - entry[2]), entry[2], str(entry[0])), default=None)


def _sentence(split: str, label: str | None, in_train: float, share: float) -> str:
    what = "no label" if label is NO_LABEL else f"the label {shortened(label, 40)}"
    return (
        f"{split}: {share:.0%} of the rows have {what}, but {in_train:.0%} of the training rows: the score "
        "may say little about the model. Check that no labels are missing, and draw both from the same rows."
    )
