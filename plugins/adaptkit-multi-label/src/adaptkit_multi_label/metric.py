"""F1 over all labels of all texts, and for each label.

Counted here and not by scikit-learn, which takes a single label for a binary task and scores it differently.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """Micro F1 over all labels of all rows, and macro F1, the mean of the labels' F1.

    Labels that occur in no row and no prediction are left out.
    """
    gold_sets = [row["labels"] for row in rows]
    predicted_sets = [prediction["labels"] for prediction in predictions]
    names = sorted({name for labels in (*gold_sets, *predicted_sets) for name in labels})
    gold, predicted = _members(gold_sets, names), _members(predicted_sets, names)  # [rows, names]
    by_label = {
        name: _scores(gold[:, position], predicted[:, position]) for position, name in enumerate(names)
    }
    macro_f1 = sum(scores["f1"] for scores in by_label.values()) / max(len(names), 1)
    return Scores(values={"micro_f1": _scores(gold, predicted)["f1"], "macro_f1": macro_f1}, groups=by_label)


METRIC = Metric(
    name="micro_f1",
    direction="maximize",
    compute=compute,
    others={"macro_f1": "maximize"},
    description="F1 over all pairs of a row and a label together",
    groups_title="label",
)


def _members(sets: Sequence[Sequence[str]], names: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each set contains each name: ``[sets, names]``."""
    import numpy as np

    positions = {name: position for position, name in enumerate(names)}
    members = np.zeros((len(sets), len(names)), bool)
    for number, labels in enumerate(sets):
        members[number, [positions[label] for label in labels]] = True
    return members


def _scores(gold: NDArray[np.bool_], predicted: NDArray[np.bool_]) -> dict[str, float]:
    """Precision, recall and F1 over all entries; 0 instead of a division by 0."""
    correct, positive, support = int((gold & predicted).sum()), int(predicted.sum()), int(gold.sum())
    return {
        "precision": correct / max(positive, 1),
        "recall": correct / max(support, 1),
        "f1": 2 * correct / max(positive + support, 1),
        "support": support,
    }
