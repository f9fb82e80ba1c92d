"""Baselines without a model: the entities of the training rows, and the most frequent tag of each word."""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from adaptkit_ner.tags import Entity, entities_of, to_bio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from adaptkit import Prediction, Row

Words = tuple[str, ...]


class Dictionary(NamedTuple):
    """The entities of the training rows."""

    types: Mapping[Words, str]
    """The words of each entity, with the type that they have most often."""

    lengths: Mapping[str, Sequence[int]]
    """The numbers of words of the entities that start with a word, the largest first."""


def training_entities(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
) -> dict[str, list[Prediction]]:
    """Tags words that form an entity in the training rows, the longest entity first, as in CoNLL-2003."""
    dictionary = _dictionary(train)
    return {
        "training entities": [
            {"tags": to_bio(_found(dictionary, row["tokens"]), len(row["tokens"]))} for row in rows
        ]
    }


def frequent_tags(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
) -> dict[str, list[Prediction]]:
    """The most frequent tag of each word in the training rows, and of all words for an unknown word."""
    of_word: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        for token, tag in zip(row["tokens"], row["tags"], strict=True):
            of_word[token][tag] += 1
    tags = {token: _most_frequent(counts) for token, counts in of_word.items()}
    usual = _most_frequent(Counter(chain.from_iterable(row["tags"] for row in train)))
    return {
        "most frequent tag of each word": [
            {"tags": [tags.get(token, usual) for token in row["tokens"]]} for row in rows
        ]
    }


def _dictionary(train: Sequence[Row]) -> Dictionary:
    counts: defaultdict[Words, Counter[str]] = defaultdict(Counter)
    for row in train:
        for label, start, end in entities_of(row["tags"]):
            counts[tuple(row["tokens"][start:end])][label] += 1
    lengths: defaultdict[str, set[int]] = defaultdict(set)
    for words in counts:
        lengths[words[0]].add(len(words))
    return Dictionary(
        types={words: _most_frequent(types) for words, types in counts.items()},
        lengths={word: sorted(its, reverse=True) for word, its in lengths.items()},
    )


def _found(dictionary: Dictionary, tokens: Sequence[str]) -> Iterator[Entity]:
    """The entities of the dictionary in a sentence, from left to right."""
    position = 0
    while position < len(tokens):
        candidates = (
            tuple(tokens[position : position + length])
            for length in dictionary.lengths.get(tokens[position], ())
        )
        words = next((one for one in candidates if one in dictionary.types), ())
        if words:
            yield Entity(dictionary.types[words], position, position + len(words))
        position += max(1, len(words))


def _most_frequent(counts: Mapping[str, int]) -> str:
    """The name with the highest count; of several, the first in alphabetical order."""
    return max(sorted(counts), key=lambda name: counts[name])
