"""Exact match and F1 as defined by SQuAD's official evaluation.

The definition is that of evaluate-v2.0.py, https://rajpurkar.github.io/SQuAD-explorer/.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adaptkit import Metric, Row, Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Compare = Callable[[str, str], float]

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation)


def compute(predictions: Sequence[Mapping[str, Any]], rows: Sequence[Row]) -> Scores:
    """Mean F1 and exact match, from 0 to 1; also for questions with and without answers if there are both."""
    texts = [prediction["answer"]["text"] if prediction["answer"] else "" for prediction in predictions]
    scores = [
        (best(f1, text, row), best(exact_match, text, row)) for text, row in zip(texts, rows, strict=True)
    ]
    answerable = [bool(row["answers"]) for row in rows]
    groups = {}
    if not all(answerable):
        parts = {"HasAns": True, "NoAns": False}
        groups = {
            name: {**_means(its), "support": float(len(its))}
            for name, kind in parts.items()
            if (its := [pair for pair, has in zip(scores, answerable, strict=True) if has is kind])
        }
    return Scores(values=_means(scores), groups=groups)


METRIC = Metric(
    name="f1",
    direction="maximize",
    compute=compute,
    others={"exact_match": "maximize"},
    description="mean F1 of the words of the answers, as in SQuAD's official evaluation",
    groups_title="questions",
)


def best(compare: Compare, predicted: str, row: Row) -> float:
    """The best score of a predicted text (empty for "no answer") over the row's gold answers.

    Gold answers that contain only articles and punctuation are ignored, as in the official evaluation.
    """
    gold = [answer["text"] for answer in row["answers"] if words(answer["text"])]
    return max(compare(text, predicted) for text in gold or [""])


def exact_match(gold: str, predicted: str) -> float:
    """1 if both texts have the same words, else 0."""
    return float(words(gold) == words(predicted))


def f1(gold: str, predicted: str) -> float:
    """The F1 of the words, counted as often as they occur; 1 if both texts are empty."""
    gold_words, predicted_words = words(gold), words(predicted)
    if not gold_words or not predicted_words:
        return float(gold_words == predicted_words)
    shared = (Counter(gold_words) & Counter(predicted_words)).total()
    return 2 * shared / (len(gold_words) + len(predicted_words))


def words(text: str) -> list[str]:
    """The words to compare: in lower case, without ASCII punctuation and English articles."""
    return _ARTICLES.sub(" ", text.lower().translate(_NO_PUNCTUATION)).split()


def _means(scores: Sequence[tuple[float, float]]) -> dict[str, float]:
    count = max(len(scores), 1)
    return {
        "f1": sum(f1_score for f1_score, _ in scores) / count,
        "exact_match": sum(exact for _, exact in scores) / count,
    }
