"""Two tiny tokenizers of the kinds that real models have, built from a few sentences."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from adaptkit.testing import byte_level_tokenizer, wordpiece_tokenizer

SENTENCES = [
    "Mira Okafor opened the Harbour Bakery in Porto yesterday",
    "the unbelievable lighthouse of Saint Malo was repainted by volunteers",
    "trains between Ghent and Bruges were cancelled, said the operator",
    "she is reading about the history of glassmaking in Murano",
]


@pytest.fixture(scope="session")
def wordpiece() -> PreTrainedTokenizerBase:
    return wordpiece_tokenizer(SENTENCES, words=90)


@pytest.fixture(scope="session")
def byte_level() -> PreTrainedTokenizerBase:
    return byte_level_tokenizer(SENTENCES, word_level=True, words=300)


@pytest.fixture(params=["wordpiece", "byte_level"])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    tokenizer: PreTrainedTokenizerBase = request.getfixturevalue(request.param)
    return tokenizer
