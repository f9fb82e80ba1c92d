"""The best valid sequences of BIO tags: a Viterbi search over many sequences at once.

A sequence's score is the sum of its tags' scores. Transitions are not learned: they are allowed or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Rules(NamedTuple):
    """The tags that may not follow every tag; both arrays are ``[types]``. Other tags may follow any tag."""

    inside: NDArray[np.intp]
    """The position of I-X in the labels, which may follow itself and the B-X of its type."""

    begin: NDArray[np.intp]
    """The position of that B-X."""


def rules_of(labels: Sequence[str]) -> Rules:
    """The rules of BIO for these labels. An I-X whose B-X is not a label may follow any tag."""
    positions = {label: position for position, label in enumerate(labels)}
    pairs = [
        (position, positions[f"B-{label[2:]}"])
        for label, position in positions.items()
        if label.startswith("I-") and f"B-{label[2:]}" in positions
    ]
    inside, begin = np.array(pairs, np.intp).reshape(-1, 2).T
    return Rules(inside, begin)


def best_sequences(
    scores: NDArray[np.float32], lengths: Sequence[int], unknown: NDArray[np.bool_], rules: Rules
) -> NDArray[np.intp]:
    """The valid sequences with the highest sums of scores.

    Args:
        scores: the scores of the words of all sequences, one sequence after another, ``[words, labels]``.
        lengths: the number of words of each sequence.
        unknown: whether the tag before the word is unknown, so that each tag may follow, ``[words]``.
        rules: the tags that may not follow every tag. They do not start a sequence either.

    Returns:
        The label of each word, ``[words]``.
    """
    best: NDArray[np.intp] = scores.argmax(axis=-1)  # [words]
    if _is_valid(best, lengths, unknown, rules):
        return best
    present = np.arange(max(lengths))[:, None] < np.asarray(lengths)  # [steps, sequences]
    padded = np.zeros((*present.shape, scores.shape[-1]))  # [steps, sequences, labels]
    # The same number is subtracted from all scores of a word, so the best sequences stay the same. The sum
    # of the best tags is then exactly 0, and they are returned unless they are invalid.
    padded.swapaxes(0, 1)[present.T] = scores - np.take_along_axis(scores, best[:, None], axis=-1)
    free = np.ones(present.shape, bool)  # [steps, sequences]
    free.T[present.T] = unknown
    padded[0][np.ix_(~free[0], rules.inside)] = -np.inf
    labels = _backward(*_forward(padded, present, free, rules))  # [steps, sequences]
    return labels.T[present.T]


def _is_valid(
    labels: NDArray[np.intp], lengths: Sequence[int], unknown: NDArray[np.bool_], rules: Rules
) -> bool:
    """Whether each of the labels ``[words]`` may follow the one before it."""
    before = np.concatenate([[-1], labels[:-1]])  # [words]
    starts = np.cumsum([0, *lengths])[:-1]
    before[starts[starts < len(labels)]] = -1  # also of a sequence without words
    follows = (before[:, None] == rules.inside) | (before[:, None] == rules.begin)  # [words, types]
    wrong = (labels[:, None] == rules.inside) & ~follows
    return not (wrong.any(axis=-1) & ~unknown).any()


def _forward(
    scores: NDArray[np.float64], present: NDArray[np.bool_], free: NDArray[np.bool_], rules: Rules
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The best sums that end with each label ``[sequences, labels]``, and the labels before them.

    The latter are ``[steps, sequences, labels]``. The steps after a sequence's end keep its sums and labels.
    """
    inside, begin = rules
    before = np.empty(scores.shape, np.intp)
    before[:] = np.arange(scores.shape[-1])
    totals = scores[0]
    for step in range(1, len(scores)):
        previous = np.repeat(totals.argmax(axis=-1)[:, None], scores.shape[-1], axis=-1)
        allowed = np.where(totals[:, inside] >= totals[:, begin], inside, begin)  # [sequences, types]
        previous[:, inside] = np.where(free[step, :, None], previous[:, inside], allowed)
        np.copyto(before[step], previous, where=present[step, :, None])
        totals = np.take_along_axis(totals, before[step], axis=-1) + scores[step]
    return totals, before


def _backward(totals: NDArray[np.float64], before: NDArray[np.intp]) -> NDArray[np.intp]:
    """The labels of the best sequences, ``[steps, sequences]``."""
    labels = np.empty(before.shape[:2], np.intp)
    labels[-1] = totals.argmax(axis=-1)
    for step in range(len(before) - 1, 0, -1):
        labels[step - 1] = np.take_along_axis(before[step], labels[step][:, None], axis=-1)[:, 0]
    return labels
