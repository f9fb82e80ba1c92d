"""Baselines for tasks on texts: models of word counts, which need no encoder. For plugin authors.

Each function takes the text columns of a prepared row and returns a `Task.baseline`. The models are those of
scikit-learn, on TF-IDF weights of words and punctuation marks.
"""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

from adaptkit.task import MAJORITY_CLASS
from adaptkit.tasks.classification import most_probable_class
from adaptkit.tasks.tfidf import cosines_of, features_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adaptkit.task import Baseline, Prediction, Row

TFIDF = "TF-IDF + logistic regression"
C = 10.0
"""The inverse of the L2 penalty. On 600 and 1,500 rows of banking77, the test accuracy with 1 is 10 to 20
points lower, and that with 100 at most 2 points higher."""

MOST_ROWS, MOST_ENTRIES = 20_000, 1_500_000
"""The training rows, and their number times that of the labels, that a model is trained on in seconds."""

ABSENT = -1e9
"""The logarithm of the probability of a class that the training rows lack."""


def class_baselines(*texts: str) -> Baseline:
    """The majority class, and logistic regression on TF-IDF, for rows with one ``label``.

    Args:
        texts: the column of the text, or the two columns of the texts.
    """

    def baseline(
        train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
    ) -> dict[str, Sequence[Prediction]]:
        kept = _sample(train, len(labels))
        likely = {MAJORITY_CLASS: _frequencies(train, len(rows), labels)}  # name → [rows, labels]
        likely[TFIDF] = _class_logits(kept, rows, labels, texts)
        return {name: most_probable_class({"logits": one}, (), labels) for name, one in likely.items()}

    return baseline


def label_set_baselines(text: str) -> Baseline:
    """The most frequent labels, and logistic regression on TF-IDF, for rows with any number of ``labels``.

    There are as many most frequent labels as give the best micro-F1 on the training rows. The labels of
    logistic regression share one threshold, which is chosen by micro-F1 on training rows that were left out.

    Args:
        text: the column of the text.
    """

    def baseline(
        train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
    ) -> dict[str, Sequence[Prediction]]:
        frequent = _most_frequent(train, labels)
        members = _label_sets(_sample(train, 4 * len(labels)), rows, labels, text)  # [rows, labels]
        return {
            "most frequent labels": [{"labels": frequent} for _ in rows],
            TFIDF: [{"labels": [labels[place] for place in one.nonzero()[0]]} for one in members],
        }

    return baseline


def _most_frequent(train: Sequence[Row], labels: Sequence[str]) -> list[str]:
    """The set of labels that, predicted for every row, gives the best micro-F1 on the training rows."""
    counts = Counter(label for row in train for label in row["labels"])
    ordered = sorted(labels, key=lambda label: -counts[label])
    total = counts.total()

    def f1(size: int) -> float:
        right = sum(counts[label] for label in ordered[:size])
        return 2 * right / (size * len(train) + total)

    best = max(range(1, len(ordered) + 1), key=f1)
    return [label for label in labels if label in ordered[:best]]


def similarity_baselines(first: str, second: str) -> Baseline:
    """The mean score, and the cosine of both texts' TF-IDF on a linear scale, for rows with a ``score``.

    Args:
        first: the column of one text.
        second: the column of the other text.
    """

    def baseline(
        train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str]
    ) -> dict[str, Sequence[Prediction]]:
        import numpy as np

        kept = _sample(train, 1)
        scores = np.array([row["score"] for row in kept], dtype=np.float64)  # [train]
        cosines, wanted = cosines_of(kept, rows, first, second)  # [train], [rows]
        slope, start = np.polyfit(cosines, scores, 1) if np.ptp(cosines) > 0 else (0.0, scores.mean())
        predicted = np.clip(start + slope * wanted, scores.min(), scores.max())  # [rows]
        return {
            "mean score": [float(scores.mean())] * len(rows),
            "TF-IDF cosine, linear scale": predicted.tolist(),
        }

    return baseline


def _sample(train: Sequence[Row], labels: int) -> Sequence[Row]:
    """The training rows, or a random part of them, so that a model with so many labels takes seconds."""
    most = max(1_000, min(MOST_ROWS, MOST_ENTRIES // max(labels, 1)))
    if len(train) <= most:
        return train
    import numpy as np

    places = np.sort(np.random.default_rng(0).choice(len(train), most, replace=False))
    return [train[place] for place in places.tolist()]


def _frequencies(train: Sequence[Row], count: int, labels: Sequence[str]) -> NDArray[Any]:
    """The logarithms of the labels' frequencies in the training rows, for each of ``count`` rows."""
    import numpy as np

    counts = Counter(row["label"] for row in train)
    logits = np.array([np.log(counts[label]) if counts[label] else ABSENT for label in labels])  # [labels]
    return np.tile(logits, (count, 1))  # [rows, labels]


def _class_logits(
    train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str], texts: Sequence[str]
) -> NDArray[Any]:
    """The logarithms of the probabilities of logistic regression: ``[rows, labels]``."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    gold = [row["label"] for row in train]
    if len(set(gold)) < 2:
        return _frequencies(train, len(rows), labels)
    features, wanted = features_of(train, rows, texts)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a model that has not quite converged is a baseline, too
        model = LogisticRegression(C=C, max_iter=1_000).fit(features, gold)
        found = model.predict_log_proba(wanted)  # [rows, classes]
    logits = np.full((len(rows), len(labels)), ABSENT)
    logits[:, [labels.index(name) for name in model.classes_.tolist()]] = np.maximum(found, ABSENT)
    return logits


def _label_sets(train: Sequence[Row], rows: Sequence[Row], labels: Sequence[str], text: str) -> NDArray[Any]:
    """Whether a row has a label, by one logistic regression for each label: ``[rows, labels]``."""
    import numpy as np

    features, wanted = features_of(train, rows, [text])
    positions = {label: place for place, label in enumerate(labels)}
    gold = np.zeros((len(train), len(labels)), dtype=np.int64)  # [train, labels]
    for number, row in enumerate(train):
        gold[number, [positions[label] for label in row["labels"]]] = 1
    held = np.arange(len(train)) % 3 == 2  # [train]
    threshold = 0.5
    if gold[held].any():
        probabilities = _probabilities(features[~held], gold[~held], features[held])  # [held, labels]
        threshold = _threshold(probabilities, gold[held])
    found: NDArray[Any] = _probabilities(features, gold, wanted) >= threshold
    return found


def _probabilities(features: Any, gold: NDArray[Any], wanted: Any) -> NDArray[Any]:
    """The probability of each label: ``[rows, labels]``. ``features`` and ``wanted`` are sparse matrices."""
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    columns = []
    for one in gold.T:  # [train]
        if one.min() == one.max():
            columns.append(np.full(wanted.shape[0], float(one[0])))
            continue
        model = LogisticRegression(C=C, solver="liblinear").fit(features, one)
        columns.append(model.predict_proba(wanted)[:, 1])
    return np.stack(columns, axis=1)


def _threshold(probabilities: NDArray[Any], gold: NDArray[Any]) -> float:
    """The threshold with the best micro-F1; both arrays ``[rows, labels]``."""
    import numpy as np

    def micro_f1(threshold: float) -> float:
        chosen = probabilities >= threshold
        return float(2 * (chosen & (gold == 1)).sum() / max(chosen.sum() + gold.sum(), 1))

    best: float = max(np.arange(0.05, 0.951, 0.05).tolist(), key=micro_f1)
    return best
