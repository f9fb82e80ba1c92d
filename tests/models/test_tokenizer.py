"""Tokenizers that fit their model, and that do not; the end-to-end tests have more of the latter."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

from adaptkit.errors import ModelError
from adaptkit.models.tokenizer import (
    length_limit,
    load_tokenizer,
    refuse_short_limit,
    refuse_unfit_tokenizer,
)
from adaptkit.testing import wordpiece_tokenizer
from tests.helpers import model_folders as folders
from tests.helpers.models import word_tokenizer


def model(rows: int) -> Any:
    table = torch.nn.Embedding(rows, 4)
    return SimpleNamespace(
        get_input_embeddings=lambda: table,
        config=SimpleNamespace(pad_token_id=0),
        base_model=SimpleNamespace(embeddings=None),
    )


@pytest.fixture
def tokenizer() -> Any:
    return word_tokenizer()


def test_a_few_more_embeddings_than_tokens_are_usual(tokenizer: Any) -> None:
    assert refuse_unfit_tokenizer(model(len(tokenizer)), tokenizer, "model") == ""
    assert refuse_unfit_tokenizer(model(len(tokenizer) + 2), tokenizer, "model") == ""


def test_many_more_embeddings_are_noted(tokenizer: Any) -> None:
    assert "62 tokens, but there are 100 embeddings" in refuse_unfit_tokenizer(model(100), tokenizer, "model")


@pytest.mark.parametrize("rows", [20, 61, 125, 1000])
def test_a_misfit_is_refused_with_its_numbers(rows: int, tokenizer: Any) -> None:
    with pytest.raises(ModelError, match=str(rows)) as caught:
        refuse_unfit_tokenizer(model(rows), tokenizer, "model")
    assert caught.value.code == "tokenizer-does-not-fit"


@pytest.mark.parametrize("names", [["input_ids"], [], ["text"]])
def test_inputs_that_the_tokenizer_does_not_give(names: list[str], tokenizer: Any) -> None:
    tokenizer.model_input_names = names
    with pytest.raises(ModelError, match="model_input_names") as caught:
        refuse_unfit_tokenizer(model(len(tokenizer)), tokenizer, "model")
    assert caught.value.code == "tokenizer-does-not-fit"


def test_an_added_token_beyond_the_table(tokenizer: Any) -> None:
    tokenizer.add_tokens(["one", "more"])
    with pytest.raises(ModelError, match="up to 63, but there are 62 embeddings"):
        refuse_unfit_tokenizer(model(62), tokenizer, "model")


def test_positions_are_counted_from_the_tokenizers_padding(tokenizer: Any, tiny_model: Any) -> None:
    module = tiny_model("roberta").module
    module.resize_token_embeddings(62)
    assert refuse_unfit_tokenizer(module, tokenizer, "model") == ""
    tokenizer.pad_token = "[MASK]"
    with pytest.raises(ModelError, match=r"pads with the token 4.*from the token 0"):
        refuse_unfit_tokenizer(module, tokenizer, "model")


@pytest.mark.parametrize("name", ["vocab.txt", "tokenizer.json"])
def test_the_files_of_a_tokenizer_are_needed(name: str, tiny_folder: Path, tmp_path: Path) -> None:
    folder = folders.copied(tiny_folder, tmp_path / "model")
    words = word_tokenizer().get_vocab()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelError) as caught:
        load_tokenizer(str(folder), "model", word_level=False)
    assert caught.value.code == "no-tokenizer"
    if name == "vocab.txt":
        (folder / name).write_text("\n".join(sorted(words, key=words.__getitem__)))
    else:
        word_tokenizer().save_pretrained(folder)
    assert len(load_tokenizer(str(folder), "model", word_level=False)) == len(words)


def test_a_tokenizer_that_marks_no_start_is_noted(tokenizer: Any) -> None:
    from tokenizers.processors import TemplateProcessing

    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A", special_tokens=[])
    assert "'[CLS]' before a text" in refuse_unfit_tokenizer(model(62), tokenizer, "model")


@pytest.mark.parametrize("file", ["tokenizer.json", "tokenizer_config.json"])
def test_a_text_is_padded_at_its_end(file: str, tiny_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    document = json.loads((folder / file).read_text())
    padding = {
        "strategy": {"Fixed": 40}, "direction": "Left", "pad_to_multiple_of": None, "pad_id": 0,
        "pad_type_id": 0, "pad_token": "[PAD]",
    }  # fmt: skip
    changed = {"padding": padding} if file == "tokenizer.json" else {"padding_side": "left"}
    (folder / file).write_text(json.dumps(document | changed))
    assert transformers.AutoTokenizer.from_pretrained(folder).padding_side == "left"
    tokenizer = load_tokenizer(str(folder), "model", word_level=False)
    masks = [tokenizer(text)["attention_mask"] for text in ("the old boats", "the")]
    assert masks == [[1] * 5, [1] * 3]
    padded = tokenizer.pad([{"input_ids": [2] * len(mask), "attention_mask": mask} for mask in masks])
    assert padded["attention_mask"][1] == [1, 1, 1, 0, 0]
    tokenizer.save_pretrained(tmp_path / "saved")
    assert transformers.AutoTokenizer.from_pretrained(tmp_path / "saved").padding_side == "right"


@pytest.mark.parametrize("limit", [float("nan"), [1], "a"])
def test_a_limit_that_is_no_number(limit: Any, tokenizer: Any, tiny_model: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tokenizer, "model_max_length", limit)
    with pytest.raises(ModelError, match="limits of tokens"):
        length_limit(tiny_model("bert").module, tokenizer)


def test_a_limit_of_a_few_tokens() -> None:
    refuse_short_limit(8, "model")
    with pytest.raises(ModelError, match="2 tokens"):
        refuse_short_limit(2, "model")


def test_roberta_reads_two_positions_fewer(tokenizer: Any, tiny_model: Any) -> None:
    module = tiny_model("roberta").module
    limit = length_limit(module, tokenizer)
    assert limit == 48 - 1 - module.config.pad_token_id
    ids = torch.full((1, limit), 7)
    assert module(input_ids=ids).logits.isfinite().all()
    with pytest.raises((IndexError, RuntimeError), match="out of"):
        module(input_ids=torch.full((1, limit + 1), 7))


def test_the_tokenizers_own_limit_counts(tokenizer: Any, tiny_model: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(tokenizer, "model_max_length", 32)
    assert length_limit(tiny_model("bert").module, tokenizer) == 32


def byte_level(*, nested: bool) -> Any:
    tokens = ["<s>", "<pad>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    stage = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Digits(), stage]) if nested else stage
    tokenizer.decoder = decoders.ByteLevel()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="<pad>", cls_token="<s>", sep_token="</s>"
    )


@pytest.mark.parametrize("nested", [False, True])
def test_a_byte_level_tokenizer_puts_a_space_before_each_word(nested: bool, tmp_path: Path) -> None:
    byte_level(nested=nested).save_pretrained(tmp_path / "plain")

    def tokens(tokenizer: Any) -> list[str]:
        found: list[str] = tokenizer(["tea", "in"], is_split_into_words=True).tokens()
        return found

    plain = load_tokenizer(str(tmp_path / "plain"), "plain", word_level=False)
    assert "Ġ" not in tokenizer_text(plain, "tea")
    spaced = load_tokenizer(str(tmp_path / "plain"), "plain", word_level=True)
    assert tokens(spaced) == ["Ġ", "t", "e", "a", "Ġ", "i", "n"]
    spaced.save_pretrained(tmp_path / "saved")
    again = transformers.AutoTokenizer.from_pretrained(tmp_path / "saved")
    assert tokens(again) == tokens(spaced)
    assert tokens(load_tokenizer(str(tmp_path / "saved"), "saved", word_level=True)) == tokens(spaced)


def tokenizer_text(tokenizer: Any, text: str) -> str:
    return "".join(tokenizer(text).tokens())


def test_other_tokenizers_are_not_changed(tmp_path: Path) -> None:
    tokenizer: Any = wordpiece_tokenizer(["the harbour"])
    tokenizer.save_pretrained(tmp_path)
    before = tokenizer.backend_tokenizer.to_str()
    assert load_tokenizer(str(tmp_path), "x", word_level=True).backend_tokenizer.to_str() == before
