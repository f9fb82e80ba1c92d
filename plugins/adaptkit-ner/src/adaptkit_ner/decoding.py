"""Converts a model's outputs to tags: by word, or as the best valid sequence of BIO tags."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from adaptkit import word_outputs
from adaptkit_ner.tags import canonical
from adaptkit_ner.viterbi import best_sequences, rules_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from adaptkit import Example, Row

Piece = list[tuple[int, str, float]]
"""For each word that is decoded in one window: the word, its tag and the tag's probability.

The probability is the softmax of the word's own logits, also if the tag was chosen as part of a sequence.
"""


def decode_words(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str]
) -> list[Piece]:
    """The most probable tag of each word, from ``logits`` ``[examples, tokens, labels]``."""
    logits = word_outputs(outputs["logits"], examples)
    return _pieces(logits, logits.argmax(axis=-1), examples, labels)


def decode_sequences(
    outputs: Mapping[str, NDArray[Any]], examples: Sequence[Example], labels: Sequence[str]
) -> list[Piece]:
    """The most probable valid tags of the words of each window, from ``logits``.

    A word may continue an entity if the word before it is in another window or has no sub-words. `merge`
    makes it the entity's first word where it does not continue one.
    """
    logits = word_outputs(outputs["logits"], examples)
    lengths = [len(example.info.words) for example in examples]
    unknown = np.concatenate([_follows_unknown(example.info.words) for example in examples])
    return _pieces(logits, best_sequences(logits, lengths, unknown, rules_of(labels)), examples, labels)


DECODERS = {"viterbi": decode_sequences, "argmax": decode_words}


def merge(row: Row, pieces: Sequence[Piece]) -> dict[str, Any]:
    """The tags of a row as valid BIO, each with the probability of the predicted tag.

    A word without sub-words is O. An I- that does not follow a tag of its type starts an entity, as in
    conlleval, and becomes a B-.
    """
    tags, probabilities = gathered(row, pieces, unseen=("O", 1.0))
    return {"tags": canonical(tags), "probabilities": probabilities}


def gathered(
    row: Row, pieces: Sequence[Piece], *, unseen: tuple[str, float]
) -> tuple[list[str], list[float]]:
    """The tag and the probability of each word of a row; ``unseen`` is used for words in no piece."""
    words = [unseen] * len(row["tokens"])
    for piece in pieces:
        for word, tag, probability in piece:
            words[word] = tag, probability
    return [tag for tag, _ in words], [probability for _, probability in words]


def _follows_unknown(words: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the word before is in another window or without sub-words, for the words of a window."""
    unknown: NDArray[np.bool_] = words != np.concatenate([[-1], words[:-1]]) + 1
    return unknown


def _pieces(
    logits: NDArray[np.float32],
    chosen: NDArray[np.intp],
    examples: Sequence[Example],
    labels: Sequence[str],
) -> list[Piece]:
    """The chosen labels ``[words of all examples]`` by window, with their probabilities."""
    exponentials = np.exp(logits - logits.max(axis=-1, keepdims=True))
    of_chosen = np.take_along_axis(exponentials, chosen[:, None], axis=-1)[:, 0]
    probabilities = (of_chosen / exponentials.sum(axis=-1)).tolist()
    words = np.concatenate([example.info.words for example in examples]).tolist()
    decided = list(zip(words, [labels[label] for label in chosen.tolist()], probabilities, strict=True))
    counts = [len(example.info.words) for example in examples]
    ends = np.cumsum(counts).tolist()
    return [decided[end - count : end] for end, count in zip(ends, counts, strict=True)]
