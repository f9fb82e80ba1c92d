"""Baselines without an encoder: the most frequent position, and logistic regression on word counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from adaptkit import class_baselines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from adaptkit import Prediction, Row

POSITION = "most frequent position"
RIGHT, WRONG = "right", "wrong"
MAJORITY_CLASS = "majority class"
"""One of the two `class_baselines`: for each choice it is "wrong"."""

_of_pairs = class_baselines("question", "choice")


def baselines(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
) -> dict[str, list[Prediction]]:
    """The position that is correct most often; and the choice that a classifier finds most probably right.

    The classifier reads each choice with its question and context, as a pair that is right or wrong.
    """
    asked = [pair for row in rows for pair in _pairs(row)]
    learned = [
        {**pair, "label": RIGHT if number == row["answer"] else WRONG}
        for row in train
        for number, pair in enumerate(_pairs(row))
    ]
    likely = _of_pairs(learned, asked, [RIGHT, WRONG])
    right = {name: [one["probabilities"][RIGHT] for one in its] for name, its in likely.items()}
    return {
        POSITION: _by_position(train, rows),
        **{name: _chosen(rows, its) for name, its in right.items() if name != MAJORITY_CLASS},
    }


def _pairs(row: Row) -> Iterator[dict[str, str]]:
    """Each choice of a row with its question, after the context if there is one."""
    question = f"{row['context']} {row['question']}" if "context" in row else row["question"]
    return ({"question": question, "choice": choice} for choice in row["choices"])


def _by_position(train: Sequence[Row], rows: Sequence[Row]) -> list[Prediction]:
    """The position of most correct answers of the training rows; of equal ones the first."""
    counts = Counter(row["answer"] for row in train)
    return [{"answer": max(range(len(row["choices"])), key=lambda number: counts[number])} for row in rows]


def _chosen(rows: Sequence[Row], scores: Sequence[float]) -> list[Prediction]:
    """The choice of each row with the highest score; ``scores`` has one for each choice of all rows."""
    left = iter(scores)
    own = [[next(left) for _ in row["choices"]] for row in rows]
    return [{"answer": one.index(max(one))} for one in own]
