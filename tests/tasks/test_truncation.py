from __future__ import annotations

import pytest
import transformers

from adaptkit import shortened
from adaptkit.testing import byte_level_tokenizer, wordpiece_tokenizer

TEXTS = ["the unbelievable lighthouse was repainted", "she is reading about glassmaking in Murano"]


@pytest.fixture(params=["wordpiece", "byte-level", "byte-level, with a space before"])
def tokenizer(request: pytest.FixtureRequest) -> transformers.PreTrainedTokenizerBase:
    if request.param == "wordpiece":
        return wordpiece_tokenizer(TEXTS, words=80)
    return byte_level_tokenizer(TEXTS, word_level="space" in request.param)


def ids(tokenizer: transformers.PreTrainedTokenizerBase, text: str) -> list[int]:
    found: list[int] = tokenizer(text, add_special_tokens=False)["input_ids"]
    return found


@pytest.mark.parametrize("most", [1, 2, 7, 40])
def test_a_shortened_text_keeps_its_first_tokens(
    tokenizer: transformers.PreTrainedTokenizerBase, most: int
) -> None:
    texts = [*TEXTS, "reading " * 500, "in", "été à Malo " * 20]
    for text, cut in zip(texts, shortened(texts, tokenizer, most), strict=True):
        kept = ids(tokenizer, cut)
        assert text.startswith(cut)
        assert kept == ids(tokenizer, text)[: len(kept)]
        assert len(kept) <= most


def test_a_text_that_is_not_longer_is_not_changed(tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    for text in (*TEXTS, " \t\n", "", "سلام 👍🏽", "in  the\n"):
        length = len(ids(tokenizer, text))
        assert shortened([text], tokenizer, length) == [text]
        assert shortened([text], tokenizer, 512) == [text]


def test_an_empty_list_gives_an_empty_list(tokenizer: transformers.PreTrainedTokenizerBase) -> None:
    assert shortened([], tokenizer, 8) == []


def test_a_character_of_several_tokens_is_removed_completely() -> None:
    tokenizer = byte_level_tokenizer(TEXTS, word_level=False)
    assert len(ids(tokenizer, "👍")) == 4
    assert shortened(["in 👍👍"], tokenizer, len(ids(tokenizer, "in ")) + 6) == ["in 👍"]


def test_a_slow_tokenizer_leaves_the_texts_unchanged() -> None:
    texts = ["a dog sleeps"]
    assert shortened(texts, transformers.ByT5Tokenizer(), 4) == texts
