"""A pytest plugin with two tiny tokenizers as fixtures, for tests of how a task encodes its rows.

Load it with ``-p adaptkit.testing.pytest_plugin`` in pytest's ``addopts``. A conftest.py may override each
fixture, for example to train the tokenizers on texts of its own task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

SENTENCES = (
    "Mira Okafor opened the Harbour Bakery in Porto yesterday",
    "the unbelievable lighthouse of Saint Malo was repainted by volunteers",
    "trains between Ghent and Bruges were cancelled, said the operator",
    "she is reading about the history of glassmaking in Murano",
)
"""The texts that both tokenizers are trained on."""


@pytest.fixture(scope="session")
def wordpiece() -> PreTrainedTokenizerBase:
    """A WordPiece tokenizer like BERT's."""
    from adaptkit.testing import wordpiece_tokenizer

    return wordpiece_tokenizer(SENTENCES, words=90)


@pytest.fixture(scope="session")
def byte_level() -> PreTrainedTokenizerBase:
    """A byte-level tokenizer like RoBERTa's, which puts a space before each word."""
    from adaptkit.testing import byte_level_tokenizer

    return byte_level_tokenizer(SENTENCES, word_level=True, words=300)


@pytest.fixture(params=["wordpiece", "byte_level"])
def tokenizer(request: pytest.FixtureRequest) -> PreTrainedTokenizerBase:
    """Each of the two tokenizers in turn."""
    tokenizer: PreTrainedTokenizerBase = request.getfixturevalue(request.param)
    return tokenizer
