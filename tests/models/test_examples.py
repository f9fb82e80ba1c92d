"""What the tokenizer makes of the training rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from adaptkit.errors import ModelError
from adaptkit.models.examples import refuse_unreadable, unlike_texts
from adaptkit.task import Example

UNKNOWN, START, END = 1, 2, 3


@pytest.fixture
def loaded(tiny_model: Any) -> Any:
    tokenizer = SimpleNamespace(unk_token_id=UNKNOWN, all_special_ids=[0, UNKNOWN, START, END])
    return SimpleNamespace(module=tiny_model("bert").module, tokenizer=tokenizer, source="model")


def examples(*ids: Any, **others: Any) -> list[Example]:
    return [Example(row=row, inputs={"input_ids": one, **others}) for row, one in enumerate(ids)]


def test_known_tokens_are_fine(loaded: Any) -> None:
    assert refuse_unreadable(examples([START, 7, 8, UNKNOWN, 9, END]), loaded) == ""
    assert refuse_unreadable([], loaded) == ""


@pytest.mark.parametrize(
    "ids", [[START, UNKNOWN, UNKNOWN, END], [START, END], [[START, UNKNOWN, END], [START, UNKNOWN, END]]]
)
def test_unknown_tokens_only(ids: Any, loaded: Any) -> None:
    with pytest.raises(ModelError, match="hardly any token") as caught:
        refuse_unreadable(examples(ids, ids), loaded)
    assert caught.value.code == "unknown-tokens"


def test_many_unknown_tokens_are_a_warning(loaded: Any) -> None:
    assert "50% of the tokens" in refuse_unreadable(examples([START, 7, UNKNOWN, END]), loaded)


def test_splits_with_unlike_texts_are_a_warning(loaded: Any) -> None:
    known, half = examples([START, 7, 8, END]), examples([START, 7, UNKNOWN, END])
    warning = unlike_texts(known, half, loaded)
    assert "0% of the tokens of the training rows and 50% of those of the dev rows" in warning
    assert "50% of the tokens of the training rows and 0%" in unlike_texts(half, known, loaded)
    assert unlike_texts(half, half, loaded) == unlike_texts(known, known, loaded) == ""
    assert unlike_texts(examples([START, END]), known, loaded) == unlike_texts(known, [], loaded) == ""


@pytest.mark.parametrize(
    ("ids", "types", "words"),
    [([START, 60, END], [0, 0, 0], "token ids up to 60, but the model has 60"),
     ([START, 9, END], [0, 2, 0], "token types up to 2, but the model has 2"),
     ([[START, 9], [START, 9]], [[0, 0], [0, 5]], "token types up to 5, but the model has 2")],
)  # fmt: skip
def test_ids_beyond_a_table(ids: Any, types: Any, words: str, loaded: Any) -> None:
    with pytest.raises(ModelError, match=words) as caught:
        refuse_unreadable(examples(ids, token_type_ids=types), loaded)
    assert caught.value.code == "tokenizer-does-not-fit"
