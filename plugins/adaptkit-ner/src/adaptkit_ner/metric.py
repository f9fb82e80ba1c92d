"""Precision, recall and F1 of entities, equal to seqeval's strict IOB2 result, from sets of spans.

An entity is correct if its type, its first word and its last word are correct.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores
from adaptkit_ner.tags import Entity, entities_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Found = set[tuple[int, Entity]]
"""Entities with the number of their row."""


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """Micro-averaged precision, recall and F1, the same for each type, and the accuracy by word."""
    predicted = _found([prediction["tags"] for prediction in predictions])
    gold = _found([row["tags"] for row in rows])
    types = sorted({entity.label for _, entity in predicted | gold})
    by_type = {label: (_of_type(predicted, label), _of_type(gold, label)) for label in types}
    return Scores(
        values={**_scores(predicted, gold), "accuracy": _accuracy(predictions, rows)},
        groups={
            label: {**_scores(ours, theirs), "support": len(theirs)}
            for label, (ours, theirs) in by_type.items()
        },
    )


METRIC = Metric(
    name="f1",
    direction="maximize",
    compute=compute,
    description="strict F1 over entities (words and type) of the decoded, valid tag sequence",
    others={"precision": "maximize", "recall": "maximize", "accuracy": "maximize"},
    groups_title="entity type",
)


def _found(sentences: Sequence[Sequence[str]]) -> Found:
    return {(number, entity) for number, tags in enumerate(sentences) for entity in entities_of(tags)}


def _of_type(found: Found, label: str) -> Found:
    return {one for one in found if one[1].label == label}


def _scores(predicted: Found, gold: Found) -> dict[str, float]:
    right = len(predicted & gold)
    return {
        "precision": right / len(predicted) if predicted else 0.0,
        "recall": right / len(gold) if gold else 0.0,
        "f1": 2 * right / (len(predicted) + len(gold)) if predicted or gold else 0.0,
    }


def _accuracy(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> float:
    right = [
        ours == theirs
        for prediction, row in zip(predictions, rows, strict=True)
        for ours, theirs in zip(prediction["tags"], row["tags"], strict=True)
    ]
    return sum(right) / len(right) if right else 0.0
