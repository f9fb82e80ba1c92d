"""TF-IDF features of texts, by scikit-learn: the weights of words and punctuation marks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from adaptkit.task import Row

WORD = r"\w+|[^\w\s]"


def features_of(train: Sequence[Row], rows: Sequence[Row], texts: Sequence[str]) -> tuple[Any, Any]:
    """Sparse matrices of the training rows and of the other rows.

    For two texts u and v the columns are those of u, v, abs(u - v) and u * v.
    """
    from scipy.sparse import hstack

    vectorizer = _vectorizer(train, texts)
    sides = [[vectorizer.transform([row[text] for row in its]) for text in texts] for its in (train, rows)]
    if len(texts) == 1:
        return sides[0][0], sides[1][0]
    one, other = (hstack([u, v, abs(u - v), u.multiply(v)], format="csr") for u, v in sides)
    return one, other


def cosines_of(
    train: Sequence[Row], rows: Sequence[Row], first: str, second: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The cosine of both texts of each training row ``[train]``, and of each other row ``[rows]``."""
    import numpy as np

    vectorizer = _vectorizer(train, (first, second))

    def cosines(its: Sequence[Row]) -> NDArray[Any]:
        u, v = (vectorizer.transform([row[text] for row in its]) for text in (first, second))
        return np.asarray(u.multiply(v).sum(axis=1)).ravel()

    return cosines(train), cosines(rows)


def _vectorizer(train: Sequence[Row], texts: Sequence[str]) -> Any:
    """A `TfidfVectorizer` that has read all texts of the training rows."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=WORD)
    return vectorizer.fit([row[text] for row in train for text in texts])
