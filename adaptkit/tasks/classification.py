"""Helpers for tasks with one label per row: class names, decoding and the metric. For plugin authors."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from adaptkit.task import Metric, Scores, SkipRow
from adaptkit.tasks.marks import looks_like_marks
from adaptkit.tasks.scores import class_scores, softmax
from adaptkit.tasks.written import plain_number, read_written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit.task import Example, Row

_LISTED = re.compile(r"\s*\[(.*['\"].*|[\d\s.,]*)\]\s*", re.DOTALL)
"""A list of labels written as text; a name such as "[other]" is none."""

SHOWN = 5
"""The number of classes whose probabilities are kept with a prediction, most probable first."""


def class_name(label: object) -> str:
    """The class name of a label: an integer in digits, a boolean as ``true`` or ``false``.

    A float that is a whole number is that number, also as text: 1, 1.0, "1" and "1.0" have one name. White
    space around a name is removed. Raises ValueError for an empty name and for other types.
    """
    label = plain_number(label)
    if isinstance(label, bool):
        return str(label).lower()
    if isinstance(label, int):
        return str(label)
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label = {label!r:.80}; expected the name of a class")
    return label.strip()


def only_class(label: object, names: Sequence[str] | None = None, column: str = "label") -> str:
    """The class name of a row with one label.

    Args:
        label: the value of the column; a list of one label may be written as text.
        names: the names of classes that are numbers, counted from 0; None if classes have names.
        column: the column, for messages.

    Raises:
        SkipRow: the list is empty, as in exports of rows that nobody labelled.
        ValueError: there are several labels, or the label is not a class.
    """
    if isinstance(label, str) and names is None:
        return _only_class_of_text(label, column)
    return _only_class(label, names, column)


@lru_cache(maxsize=4096)
def _only_class_of_text(label: str, column: str) -> str:
    """The same for a label of a file, where few labels have many rows."""
    return _only_class(label, None, column)


def _only_class(label: object, names: Sequence[str] | None, column: str) -> str:
    if isinstance(label, str) and _LISTED.fullmatch(label):
        label = read_written(label, column)
        label = label[0] if isinstance(label, list) and len(label) == 1 else label
    if looks_like_marks(label):
        raise ValueError(f"{column} = {label!r:.80} marks spans; expected the name of a class")
    if isinstance(label, (list, tuple)) and not label:
        raise SkipRow(f"no label: {column} = []")
    if isinstance(label, (list, tuple)) and len(label) > 1:
        raise ValueError(
            f"{column} = {label!r:.80} has {len(label)} labels; expected one, unlike in the task multi-label"
        )
    return named_class(label, names)


def named_class(label: object, names: Sequence[str] | None) -> str:
    """The class name of a label; of a number the name at this position, if there are names.

    Raises ValueError for a label that is neither a number of a name nor one of the names.
    """
    name = class_name(label)
    if names is None or name in names:
        return name
    if name.isascii() and name.isdecimal() and int(name) < len(names):
        return names[int(name)]
    raise ValueError(
        f"label = {label!r:.80}; expected a number from 0 to {len(names) - 1}, or one of "
        f"{', '.join(names):.200}"
    )


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

    probabilities = softmax(outputs["logits"])  # [examples, labels]
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
    gold = [str(row["label"]) for row in rows]
    predicted = [str(prediction["label"]) for prediction in predictions]
    groups = class_scores(gold, predicted)
    right = sum(ours == theirs for ours, theirs in zip(predicted, gold, strict=True))
    macro_f1 = sum(one["f1"] for one in groups.values()) / len(groups)
    return Scores(values={"accuracy": right / len(gold), "macro_f1": macro_f1}, groups=groups)


classification_metric = Metric(
    name="accuracy",
    direction="maximize",
    compute=_scores,
    others={"macro_f1": "maximize"},
    description="share of the rows whose most probable class is the right one",
    groups_title="class",
)
"""Accuracy and macro F1 of predictions and rows with a ``label``, and the scores of each class."""
