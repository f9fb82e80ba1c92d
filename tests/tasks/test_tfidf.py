from __future__ import annotations

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer

from adaptkit.tasks.tfidf import cosines_of, features_of

TRAIN = [{"one": "a red house", "other": "a house"}, {"one": "the sea!", "other": "a red sea"}]


def test_two_texts_give_both_their_difference_and_their_product() -> None:
    vectorizer = TfidfVectorizer(sublinear_tf=True, token_pattern=r"\w+|[^\w\s]")
    vectorizer.fit([row[text] for row in TRAIN for text in ("one", "other")])
    u, v = (vectorizer.transform([row[text] for row in TRAIN]).toarray() for text in ("one", "other"))
    features, wanted = features_of(TRAIN, TRAIN[:1], ["one", "other"])
    np.testing.assert_allclose(features.toarray(), np.hstack([u, v, np.abs(u - v), u * v]))
    np.testing.assert_allclose(wanted.toarray(), features.toarray()[:1])


def test_the_cosine_is_one_for_equal_texts() -> None:
    own, others = cosines_of(TRAIN, [{"one": "red sea", "other": "sea red"}], "one", "other")
    assert own.shape == (2,)
    assert (own < 1).all()
    np.testing.assert_allclose(others, [1.0])
