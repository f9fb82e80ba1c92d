from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel

from adaptkit.engine.patches.new_tokens import use_rows
from adaptkit.models.new_tokens import add_tokens, extend_embeddings, ids_of, resize
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.registry import built_in
from adaptkit.system.quiet import quiet
from adaptkit.testing import byte_level_tokenizer, wordpiece_tokenizer
from tests.helpers.models import FAMILIES

TEXTS = ("Ada knows Bo", "a day at the river")


@pytest.mark.parametrize("kind", ["wordpiece", "byte-level"])
def test_a_new_token_is_one_token_wherever_it_stands(kind: str) -> None:
    tokenizer = (
        wordpiece_tokenizer(TEXTS) if kind == "wordpiece" else byte_level_tokenizer(TEXTS, word_level=False)
    )
    before = len(tokenizer)
    assert add_tokens(tokenizer, ("[Ent]", "[/Ent]")) == (before, before + 1)
    for text in ("[Ent] Ada [/Ent]", "x[Ent]Ada[/Ent]x"):
        ids = tokenizer(text)["input_ids"]
        assert ids.count(before) == ids.count(before + 1) == 1
    assert add_tokens(tokenizer, ("[Ent]",)) == ()
    assert ids_of(tokenizer, ("[Ent]",)) == (before,)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_table_grows_and_other_tokens_keep_theirs(family: str, tiny_model: Any) -> None:
    module = tiny_model(family).module
    rows = len(module.get_input_embeddings().weight)
    ids = torch.arange(3, 15).view(2, 6)
    with torch.no_grad():
        before = module(input_ids=ids).logits
        old = module.get_input_embeddings().weight.clone()
        extend_embeddings(module, (rows, rows + 1), family)
        table = module.get_input_embeddings().weight
        assert torch.equal(module(input_ids=ids).logits, before)
        ids[0, 2], ids[1, 3] = rows, rows + 1
        assert module(input_ids=ids).logits.isfinite().all()
    assert len(table) == module.config.vocab_size == rows + 2
    assert torch.equal(table[:rows], old)
    assert not torch.equal(table[rows], table[rows + 1])
    spread = (old - old.mean(0)).norm(dim=1).mean()
    assert ((table[rows:] - old.mean(0)).norm(dim=1) < spread).all(), "near the mean of all"


def test_rows_that_a_table_has_left_over_are_used(tiny_model: Any) -> None:
    module = tiny_model("bert").module
    rows = len(module.get_input_embeddings().weight)
    extend_embeddings(module, (rows - 2, rows - 1), "bert")
    assert len(module.get_input_embeddings().weight) == rows


@pytest.mark.parametrize("family", FAMILIES)
def test_lora_trains_and_saves_their_rows(family: str, tiny_model: Any, tmp_path: Path) -> None:
    loaded = tiny_model(family)
    rows = len(loaded.module.get_input_embeddings().weight)
    extend_embeddings(loaded.module, (rows, rows + 1), family)
    module: Any = adapted(replace(loaded, new_tokens=(rows, rows + 1)), built_in("lora", 4))
    (name,) = [name for name, p in module.named_parameters() if p.requires_grad and "trainable_tok" in name]
    ids = torch.arange(3, 15).view(2, 6)
    ids[0, 2], ids[1, 3] = rows, rows + 1
    with torch.no_grad():
        for _, parameter in module.named_parameters():
            if parameter.requires_grad:
                parameter.add_(0.1 * torch.ones_like(parameter))
        expected = module(input_ids=ids).logits
        assert use_rows(module)
        torch.testing.assert_close(module(input_ids=ids).logits, expected)
        assert module.get_parameter(name).shape[0] == 2
        with quiet():
            module.save_pretrained(tmp_path, save_embedding_layers=False)
            base = tiny_model(family).module
            resize(base, rows + 2, family)
            again: Any = PeftModel.from_pretrained(base, str(tmp_path)).eval()
            torch.testing.assert_close(again(input_ids=ids).logits, expected)
            merged = again.merge_and_unload()
            torch.testing.assert_close(merged(input_ids=ids).logits, expected, atol=1e-5, rtol=1e-5)
