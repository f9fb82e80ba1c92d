from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
import transformers
from peft import PeftModel
from torch import nn

from adaptkit.errors import ModelError
from adaptkit.strategies.apply import adapted
from adaptkit.strategies.lora import newly_initialized_modules
from adaptkit.strategies.registry import built_in
from adaptkit.system.quiet import quiet
from tests.helpers.models import FAMILIES

HEADS = ("AutoModelForTokenClassification", "AutoModelForSequenceClassification")


def linear_layers_of(module: Any) -> set[str]:
    return {name for name, inner in module.named_modules() if isinstance(inner, nn.Linear)}


def adapted_layers(module: Any) -> set[str]:
    """The layers with an update, by the names they had before peft wrapped the model."""
    return {
        name.removeprefix("base_model.model.").removesuffix(".lora_A.default")
        for name, _ in module.named_modules()
        if name.endswith(".lora_A.default")
    }


@pytest.mark.parametrize("head_class", HEADS)
@pytest.mark.parametrize("family", FAMILIES)
def test_every_linear_layer_of_the_encoder_and_none_of_the_head(
    family: str, head_class: str, tiny_model: Any
) -> None:
    loaded = tiny_model(family, head_class)
    inside = {id(inner) for inner in loaded.module.base_model.modules()}
    encoder = {
        name
        for name, inner in loaded.module.named_modules()
        if isinstance(inner, nn.Linear) and id(inner) in inside
    }
    head = linear_layers_of(loaded.module) - encoder
    assert encoder
    assert head
    assert adapted_layers(adapted(loaded, built_in("lora", 4))) == encoder


@pytest.mark.parametrize("family", FAMILIES)
def test_the_updates_and_the_head_train_and_nothing_else(family: str, tiny_model: Any) -> None:
    loaded = tiny_model(family, HEADS[1])
    module = adapted(loaded, built_in("lora", 3))
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    updates = {name for name in trained if ".lora_A." in name or ".lora_B." in name}
    head = {name for name in trained if ".modules_to_save.default." in name}
    assert set(trained) == updates | head
    plain = {name.removeprefix("base_model.model.").replace(".modules_to_save.default", "") for name in head}
    assert plain == loaded.newly_initialized
    for name in updates:
        assert trained[name].shape[0 if ".lora_A." in name else 1] == 3
        assert bool(trained[name].any()) == (".lora_A." in name), "B starts at zero, A does not"


def test_an_adapted_model_starts_as_the_model_it_was(tiny_model: Any) -> None:
    loaded = tiny_model("bert")
    ids = torch.arange(3, 15).view(2, 6)
    with torch.no_grad():
        before = loaded.module(input_ids=ids).logits
        after = adapted(loaded, built_in("lora", 4))(input_ids=ids).logits
    assert torch.equal(before, after)


def test_a_newly_initialized_pooler_trains_in_full(tiny_model: Any) -> None:
    loaded = tiny_model("bert", HEADS[1])
    pooler = {"bert.pooler.dense.weight", "bert.pooler.dense.bias"}
    module = adapted(
        replace(loaded, newly_initialized=loaded.newly_initialized | pooler), built_in("lora", 4)
    )
    assert "bert.pooler.dense" not in adapted_layers(module)
    trained = {name for name, parameter in module.named_parameters() if parameter.requires_grad}
    assert "base_model.model.bert.pooler.modules_to_save.default.dense.weight" in trained


@pytest.mark.parametrize(
    ("family", "head_class"), [("bert", HEADS[1]), ("roberta", HEADS[1]), ("modernbert", HEADS[0])]
)
def test_saved_by_peft_and_loaded_back_it_is_the_same_model(
    family: str, head_class: str, tiny_model: Any, tmp_path: Path
) -> None:
    loaded = tiny_model(family, head_class)
    if family == "bert":
        pooler = {"bert.pooler.dense.weight", "bert.pooler.dense.bias"}
        loaded = replace(loaded, newly_initialized=loaded.newly_initialized | pooler)
    base = copy.deepcopy(loaded.module)
    module = adapted(loaded, built_in("lora", 4))
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.requires_grad:
                parameter.add_(0.2 * torch.randn(parameter.shape, generator=draw))
        for name, parameter in base.named_parameters():
            if name in loaded.newly_initialized:
                parameter.fill_(9.0)  # what the adapter does not bring would show
    ids = torch.arange(3, 15).view(2, 6)
    with quiet(), torch.no_grad():
        module.save_pretrained(tmp_path, save_embedding_layers=False)
        again = PeftModel.from_pretrained(base, str(tmp_path)).eval()
        expected = module(input_ids=ids).logits
        assert torch.equal(again(input_ids=ids).logits, expected)
        merged = again.merge_and_unload()
        torch.testing.assert_close(merged(input_ids=ids).logits, expected, atol=1e-5, rtol=1e-5)


def test_the_adapter_names_the_model_the_user_named(tiny_model: Any) -> None:
    module: Any = adapted(replace(tiny_model("bert"), source="example/encoder"), built_in("lora", 4))
    assert module.peft_config["default"].base_model_name_or_path == "example/encoder"


def test_a_model_without_linear_layers_is_refused(tiny_model: Any) -> None:
    config = transformers.GPT2Config(
        vocab_size=20, n_embd=8, n_layer=1, n_head=1, n_positions=8, num_labels=2
    )
    module = transformers.GPT2ForSequenceClassification(config)  # its layers are transformers' Conv1D
    with pytest.raises(ModelError, match=r"no linear layer to adapt.*--strategy full or frozen"):
        adapted(
            replace(tiny_model("bert"), module=module, newly_initialized=frozenset({"score.weight"})),
            built_in("lora", 4),
        )


def test_newly_initialized_modules_are_the_outermost(tiny_model: Any) -> None:
    module = tiny_model("roberta", HEADS[1]).module
    names = frozenset(name for name, _ in module.named_parameters())
    head = frozenset(name for name in names if name.startswith("classifier."))
    assert newly_initialized_modules(module, head) == ["classifier"]
    assert newly_initialized_modules(module, head - {"classifier.dense.bias"}) == ["classifier.out_proj"]
    assert newly_initialized_modules(module, frozenset()) == []


@pytest.mark.parametrize(
    "kind", ["TokenClassification", "SequenceClassification", "QuestionAnswering", "MultipleChoice"]
)
def test_the_token_types_reach_the_model(kind: str, tiny_model: Any) -> None:
    module = adapted(tiny_model("bert", f"AutoModelFor{kind}", num_labels=2), built_in("lora", 4))
    ids = torch.arange(5, 25).view(2, 2, 5) if kind == "MultipleChoice" else torch.arange(5, 17).view(2, 6)
    types = torch.zeros_like(ids)
    with torch.no_grad():
        one, other = (
            module(input_ids=ids, attention_mask=torch.ones_like(ids), token_type_ids=given)[0]
            for given in (types, types + 1)
        )
    assert (one - other).abs().max() > 1e-3
