"""F1 over pairs of a token and a label, over all of them and for each label."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """Micro F1 over all pairs of a token and a label, and macro F1, the mean of the labels' F1.

    A pair is right if the row has the label at this token. Labels that occur in no row and no prediction are
    left out. Tokens without labels count only where labels are predicted for them.
    """
    gold, said, right = Counter[str](), Counter[str](), Counter[str]()
    for prediction, row in zip(predictions, rows, strict=True):
        for theirs, ours in zip(row["labels"], prediction["labels"], strict=True):
            gold.update(theirs)
            said.update(ours)
            right.update(set(theirs).intersection(ours))
    by_label = {name: _scores(right[name], said[name], gold[name]) for name in sorted({*gold, *said})}
    whole = _scores(right.total(), said.total(), gold.total())
    macro_f1 = sum(scores["f1"] for scores in by_label.values()) / max(len(by_label), 1)
    return Scores(
        values={
            "micro_f1": whole["f1"], "macro_f1": macro_f1, "precision": whole["precision"],
            "recall": whole["recall"],
        },
        groups=by_label,
    )  # fmt: skip


METRIC = Metric(
    name="micro_f1",
    direction="maximize",
    compute=compute,
    others={"macro_f1": "maximize", "precision": "maximize", "recall": "maximize"},
    description="F1 over all pairs of a token and one of its labels together",
    groups_title="label",
)


def _scores(right: int, said: int, gold: int) -> dict[str, float]:
    """Precision, recall and F1; 0 instead of a division by 0."""
    return {
        "precision": right / max(said, 1),
        "recall": right / max(gold, 1),
        "f1": 2 * right / max(said + gold, 1),
        "support": gold,
    }
