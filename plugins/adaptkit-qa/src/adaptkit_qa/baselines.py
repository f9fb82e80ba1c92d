"""Baselines without a model: words of the context near the words of the question, and never an answer."""

from __future__ import annotations

import re
from collections import Counter
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from adaptkit import Prediction, Row

WINDOW, NO_ANSWER = "sliding window", "no answer"

REACH = 30
"""Words of the question that are further away do not count."""

_WORD = re.compile(r"\w+")


def baselines(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
) -> dict[str, list[Prediction]]:
    """The words among those of the question; and no answer to any question, if a training row has none.

    All answers of the sliding window have the same number of words: the median of the training rows.
    """
    answers = [row["answers"][0]["text"] for row in train if row["answers"]]
    length = int(median(len(_WORD.findall(text)) for text in answers)) if answers else 1
    found: dict[str, list[Prediction]] = {
        WINDOW: [{"answer": _near(row["question"], row["context"], max(length, 1))} for row in rows]
    }
    if len(answers) < len(train):
        found[NO_ANSWER] = [{"answer": None} for _ in rows]
    return found


def _near(question: str, context: str, length: int) -> dict[str, Any] | None:
    """The ``length`` words of the context that are closest to words of the question, with few of these.

    A word counts as in the sliding window of MCTest (Richardson et al. 2013,
    https://aclanthology.org/D13-1020): the logarithm of 1 + 1 / its number in the context. That is divided
    by its distance in words, up to `REACH`. None if the context has no words.
    """
    words = list(_WORD.finditer(context))
    if not words:
        return None
    names = [word.group().lower() for word in words]
    asked, counts = set(_WORD.findall(question.lower())), Counter(names)
    weights = np.array([np.log1p(1 / counts[name]) if name in asked else 0.0 for name in names])  # [words]
    length = min(length, len(words))
    near = 1 / np.arange(1, REACH + 1)  # [REACH]
    worth = np.concatenate([near[::-1], np.full(length, -1.0), near])  # [REACH + length + REACH]
    first = int(np.argmax(np.correlate(np.pad(weights, REACH), worth, "valid")))  # of [words - length + 1]
    start, end = words[first].start(), words[first + length - 1].end()
    return {"text": context[start:end], "start": start, "end": end}
