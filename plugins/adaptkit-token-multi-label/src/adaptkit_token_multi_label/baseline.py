"""A baseline without a model: the labels that each word has in the training rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Prediction, Row


def labels_of_words(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
) -> dict[str, list[Prediction]]:
    """The labels that a word has at least every second time in the training rows; none for other words."""
    times: Counter[str] = Counter()
    having: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        for token, its in zip(row["tokens"], row["labels"], strict=True):
            times[token] += 1
            if its:
                having[token].update(its)
    usual = {
        token: sorted(name for name, count in counts.items() if 2 * count >= times[token])
        for token, counts in having.items()
    }
    return {
        "labels of each word": [{"labels": [usual.get(token, []) for token in row["tokens"]]} for row in rows]
    }
