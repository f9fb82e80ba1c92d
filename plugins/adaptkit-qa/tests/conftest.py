"""The tokenizers of `adaptkit.testing.pytest_plugin`, with room for a question and its passage."""

from __future__ import annotations

import pytest
from transformers import PreTrainedTokenizerBase

from adaptkit.testing import byte_level_tokenizer, wordpiece_tokenizer

SENTENCES = [
    "the old bridge of Brackwater was built of oak in 1712 by Simon Dray",
    "who built the bridge, and when was it swept away by the flood?",
    "where does the ferry land, and how much did a passenger pay?",
    "the unbelievable lighthouse was repainted by volunteers in the spring",
]


@pytest.fixture(scope="session")
def wordpiece() -> PreTrainedTokenizerBase:
    return wordpiece_tokenizer(SENTENCES, words=400, max_length=256)


@pytest.fixture(scope="session")
def byte_level() -> PreTrainedTokenizerBase:
    return byte_level_tokenizer(SENTENCES, word_level=False, words=320, max_length=256)
