from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.engine.patches.vocabulary import OccurringTokens, occurring, restore, trim, write_trial
from adaptkit.engine.trial_stack import layout_of, read_slot
from adaptkit.strategies import apply
from adaptkit.strategies.registry import built_in
from tests.helpers.models import FAMILIES
from tests.helpers.number_task import number_rows
from tests.helpers.populations import make_training

TOKENS = torch.tensor([0, 3, 4, 7, 20, 59])
IDS = torch.tensor([[3, 4, 59, 7], [20, 3, 0, 0]])
MASK = (IDS > 0).long()


def adapted(tiny_model: Any, family: str, strategy: str) -> Any:
    return apply.adapted(copy.deepcopy(tiny_model(family)), built_in(strategy, 4)).eval()


@pytest.mark.parametrize("family", FAMILIES)
def test_outputs_on_occurring_tokens_are_the_full_models(family: str, tiny_model: Any) -> None:
    module = adapted(tiny_model, family, "full")
    before = module(input_ids=IDS, attention_mask=MASK).logits
    width = layout_of(module).width
    full = trim(module, TOKENS)
    assert full is not None
    assert layout_of(module).width == width - (full.num_embeddings - len(TOKENS)) * full.embedding_dim
    assert torch.equal(module(input_ids=IDS, attention_mask=MASK).logits, before)
    restore(module, full, TOKENS)
    assert layout_of(module).width == width
    assert torch.equal(module(input_ids=IDS, attention_mask=MASK).logits, before)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_written_trial_changes_occurring_tokens_only(family: str, tiny_model: Any) -> None:
    module, other = adapted(tiny_model, family, "full"), adapted(tiny_model, family, "full")
    before = module.get_input_embeddings().weight.detach().clone()
    trim(other, TOKENS)
    slot = read_slot(other, layout_of(other)) + 1.0
    write_trial(module, slot, TOKENS)
    after = module.get_input_embeddings().weight.detach()
    others = torch.ones(len(before), dtype=torch.bool).index_fill(0, TOKENS, False)
    assert torch.equal(after[others], before[others])
    torch.testing.assert_close(after[TOKENS], before[TOKENS] + 1.0)
    trim(module, TOKENS)
    assert torch.equal(read_slot(module, layout_of(module)), slot)


def test_padding_gets_no_gradient_as_before(tiny_model: Any) -> None:
    full, trimmed = adapted(tiny_model, "bert", "full"), adapted(tiny_model, "bert", "full")
    embeddings = trim(trimmed, TOKENS)
    assert embeddings is not None
    assert embeddings.padding_idx == 0
    for module in (full, trimmed):
        module(input_ids=IDS, attention_mask=MASK).logits.square().sum().backward()
    expected = full.get_input_embeddings().weight.grad
    found = trimmed.get_input_embeddings().weight.grad
    torch.testing.assert_close(found, expected[TOKENS])
    assert not found[0].any()
    assert found[1:].any()


@pytest.mark.parametrize("strategy", ["frozen", "lora"])
def test_embeddings_that_do_not_train_are_left_alone(strategy: str, tiny_model: Any) -> None:
    module = adapted(tiny_model, "bert", strategy)
    assert trim(module, TOKENS) is None
    assert not any(isinstance(one, OccurringTokens) for one in module.modules())


def test_a_weight_that_another_part_shares_is_left_alone(tiny_model: Any) -> None:
    module = adapted(tiny_model, "bert", "full")
    module.tied = nn.Linear(16, 60, bias=False)
    module.tied.weight = module.get_input_embeddings().weight
    assert trim(module, TOKENS) is None


def test_twice_is_refused(tiny_model: Any) -> None:
    module = adapted(tiny_model, "bert", "full")
    assert trim(module, TOKENS) is not None
    with pytest.raises(ValueError, match="earlier training"):
        trim(module, TOKENS)


def test_a_slot_of_another_model_is_refused(tiny_model: Any) -> None:
    module = adapted(tiny_model, "bert", "full")
    with pytest.raises(ValueError, match="the trial has 7 parameters, the model trains"):
        write_trial(module, torch.zeros(7), TOKENS)


def test_the_tokens_are_those_of_training_and_scoring_rows(tiny_model: Any) -> None:
    rows = number_rows(5)
    training = make_training(tiny_model("bert"), "full", "token-classification", rows)
    assert training.vocabulary is not None
    scored = {number for row in training.dev.rows for number in row["ids"]}
    expected = {0} | {number for row in rows for number in row["ids"]} | scored
    assert training.vocabulary.tolist() == sorted(expected)
    assert torch.equal(occurring([*training.buckets, *training.dev.buckets]), training.vocabulary)
    assert occurring([]).tolist() == []
