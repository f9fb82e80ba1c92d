"""Accuracy by word and F1 by tag, for tags that do not form entities."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NO_TAG = "_"
"""The tag of a word without sub-words, as in CoNLL-U; it counts as wrong."""


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """The accuracy by word, and F1 averaged over the tags that occur in rows or predictions."""
    import numpy as np
    from sklearn.metrics import precision_recall_fscore_support

    gold_tags = list(chain.from_iterable(row["tags"] for row in rows))
    predicted_tags = list(chain.from_iterable(prediction["tags"] for prediction in predictions))
    names = sorted({*gold_tags} | ({*predicted_tags} - {NO_TAG}))
    positions = {name: position for position, name in enumerate(names)}
    gold = np.array([positions[tag] for tag in gold_tags])  # [words]
    predicted = np.array([positions.get(tag, len(names)) for tag in predicted_tags])  # [words]
    precision, recall, f1, support = precision_recall_fscore_support(
        gold, predicted, labels=range(len(names)), average=None, zero_division=0
    )  # each [tags]
    by_tag = zip(names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True)
    return Scores(
        values={"accuracy": float((gold == predicted).mean()), "macro_f1": float(f1.mean())},
        groups={
            name: {"precision": one, "recall": two, "f1": three, "support": four}
            for name, one, two, three, four in by_tag
        },
    )


METRIC = Metric(
    name="accuracy",
    direction="maximize",
    compute=compute,
    others={"macro_f1": "maximize"},
    description="share of the words whose most probable tag is the right one",
    groups_title="tag",
)
