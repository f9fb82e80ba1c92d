"""Predictions: the probability of each label of each token, and the labels that reach the threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from adaptkit import best_threshold, word_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit import Example, Row

THRESHOLD = "threshold"
DEFAULT = 0.5
"""The threshold of a model that has none."""


class Piece(NamedTuple):
    """What one window says of its tokens."""

    names: Sequence[str]
    """The labels."""

    tokens: NDArray[np.int64]
    """``[tokens]``: their positions in the row."""

    probabilities: NDArray[np.float32]
    """``[tokens, labels]``."""


def decode(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str]
) -> list[Piece]:
    """The probability of each label at the first sub-word of each token, from ``logits``.

    The logits are ``[examples, sub-words, labels]``.
    """
    logits = word_outputs(outputs["logits"], examples).astype(np.float64)  # [tokens of all examples, labels]
    probabilities = np.exp(-np.logaddexp(0.0, -logits)).astype(np.float32)  # the sigmoid, without overflow
    ends = np.cumsum([len(example.info.words) for example in examples])
    return [
        Piece(tuple(labels), example.info.words, its)
        for example, its in zip(examples, np.split(probabilities, ends[:-1]), strict=True)
    ]


def merge(row: Row, pieces: Sequence[Piece]) -> dict[str, Any]:
    """The ``probabilities [tokens, labels]`` of a row, and the ``names`` of the labels.

    They are 0 for a token without sub-words.
    """
    names = pieces[0].names
    probabilities = np.zeros((len(row["tokens"]), len(names)), np.float32)
    for piece in pieces:
        probabilities[piece.tokens] = piece.probabilities
    return {"names": names, "probabilities": probabilities}


def calibrate(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> dict[str, float]:
    """One threshold for all labels: about the one with the best micro-F1, by `adaptkit.best_threshold`."""
    probabilities = np.concatenate([one["probabilities"] for one in predictions])  # [tokens, labels]
    gold = np.concatenate(
        [_members(row, one["names"]) for one, row in zip(predictions, rows, strict=True)]
    )  # [tokens, labels]
    return {THRESHOLD: best_threshold(probabilities, gold)}


def calibrated(prediction: Mapping[str, Any], calibration: Mapping[str, float]) -> dict[str, Any]:
    """The prediction with the ``labels`` of each token: those at least as probable as the threshold."""
    chosen = prediction["probabilities"] >= calibration.get(THRESHOLD, DEFAULT)  # [tokens, labels]
    labels: list[list[str]] = [[] for _ in chosen]
    for token, label in zip(*(places.tolist() for places in np.nonzero(chosen)), strict=True):
        labels[token].append(prediction["names"][label])
    return {**prediction, "labels": labels}


def _members(row: Row, names: Sequence[str]) -> NDArray[np.bool_]:
    """Whether each token has each label: ``[tokens, labels]``."""
    members = np.zeros((len(row["tokens"]), len(names)), bool)
    places = {name: place for place, name in enumerate(names)}
    for token, labels in enumerate(row["labels"]):
        members[token, [places[name] for name in labels if name in places]] = True
    return members
