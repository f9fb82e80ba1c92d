"""Helpers for tasks with one label per row: class names, decoding and the metric. For plugin authors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit.task import Metric, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit.task import Example, Row

SHOWN = 5
"""The number of classes whose probabilities are kept with a prediction, most probable first."""


def class_name(label: object) -> str:
    """The class name of a label: an integer in digits, a boolean as ``true`` or ``false``.

    White space around a name is removed. Raises ValueError for an empty name and for other types.
    """
    if isinstance(label, bool):
        return str(label).lower()
    if isinstance(label, int):
        return str(label)
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label = {label!r:.80}; expected the name of a class")
    return label.strip()


def most_probable_class(
    outputs: Mapping[str, NDArray[Any]],
    examples: Sequence[Example],
    labels: Sequence[str],
) -> list[dict[str, Any]]:
    """A `Task.decode`: the most probable ``label`` of each example, from ``logits`` ``[examples, labels]``.

    Each prediction also has the label's ``probability`` and the ``probabilities`` of the five most probable
    labels.
    """
    import numpy as np

    logits = outputs["logits"].astype(np.float32)  # [examples, labels]
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    probabilities = exponentials / exponentials.sum(axis=-1, keepdims=True)  # [examples, labels]
    best = np.argsort(-probabilities, axis=-1, kind="stable")[:, :SHOWN]  # [examples, shown]
    shown = np.take_along_axis(probabilities, best, axis=-1).tolist()
    return [
        {
            "label": labels[positions[0]],
            "probability": values[0],
            "probabilities": {
                labels[position]: value for position, value in zip(positions, values, strict=True)
            },
        }
        for positions, values in zip(best.tolist(), shown, strict=True)
    ]


def _scores(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """Accuracy, and F1 averaged over the classes that occur in rows or predictions."""
    from sklearn.metrics import precision_recall_fscore_support

    names = sorted({row["label"] for row in rows} | {prediction["label"] for prediction in predictions})
    positions = {name: position for position, name in enumerate(names)}
    gold = [positions[row["label"]] for row in rows]
    predicted = [positions[prediction["label"]] for prediction in predictions]
    precision, recall, f1, support = precision_recall_fscore_support(
        gold, predicted, labels=range(len(names)), average=None, zero_division=0
    )  # each [classes]
    by_class = zip(names, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True)
    right = sum(ours == theirs for ours, theirs in zip(predicted, gold, strict=True))
    return Scores(
        values={"accuracy": right / len(gold), "macro_f1": float(f1.mean())},
        groups={
            name: {"precision": one, "recall": two, "f1": three, "support": four}
            for name, one, two, three, four in by_class
        },
    )


classification_metric = Metric(
    name="accuracy",
    direction="maximize",
    compute=_scores,
    others={"macro_f1": "maximize"},
    groups_title="class",
)
"""Accuracy and macro F1 of predictions and rows with a ``label``, and the scores of each class."""
