"""Encoders of all families pass the checks at load; the end-to-end tests have what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import transformers

from adaptkit.errors import ModelError
from adaptkit.models.compatibility import (
    refuse_absurd_weights,
    refuse_one_direction,
    refuse_other_class,
    refuse_other_input,
)
from adaptkit.models.depth import with_layers
from adaptkit.models.loading import load_model
from adaptkit.models.pooling import with_pooling
from adaptkit.system.quiet import quiet
from tests.helpers import model_folders as folders
from tests.helpers.encoders import FAMILIES, model_of
from tests.helpers.models import tiny_config, word_tokenizer
from tests.helpers.number_task import number_task

LABELS = ("a", "b", "c")
SAVED_BY = ("AutoModel", "AutoModelForMaskedLM", "AutoModelForTokenClassification")


def write(folder: Path, family: str, kind: str = "AutoModel") -> Path:
    tokenizer = word_tokenizer()
    if family == "mpnet":
        tokenizer.pad_token = "[UNK]"  # of id 1, from which MPNet always counts positions
    config = tiny_config(family)
    config.vocab_size = len(tokenizer)
    torch.manual_seed(0)
    with quiet():
        getattr(transformers, kind).from_config(config).save_pretrained(folder)
        tokenizer.save_pretrained(folder)
    return folder


def load(folder: Path, pooling: str = "", layers: int = 0) -> Any:
    task = with_layers(with_pooling(number_task("sequence-classification"), pooling), layers)
    return load_model(task, str(folder), LABELS, seed=0, max_length=None)


@pytest.mark.parametrize("saved_by", SAVED_BY)
@pytest.mark.parametrize("pooling", ["", "mean"])
@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet"])
def test_every_family_is_loaded_completely(family: str, pooling: str, saved_by: str, tmp_path: Path) -> None:
    loaded = load(write(tmp_path, family, saved_by), pooling)
    encoder = {id(parameter) for parameter in loaded.module.base_model.parameters()}
    new = {
        name
        for name, parameter in loaded.module.named_parameters()
        if id(parameter) in encoder and name in loaded.newly_initialized
    }
    assert all("pooler" in name for name in new)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_encoder_reads_in_both_directions(family: str, tiny_model: Any) -> None:
    refuse_one_direction(model_of(family, "AutoModelForTokenClassification", tiny_model).module, "model")


def test_the_first_layers_are_not_a_misfit(tmp_path: Path) -> None:
    """--layers uses them on purpose, also for a folder that was exported so."""
    loaded = load(write(tmp_path / "model", "bert"), "mean", layers=1)
    assert loaded.module.config.num_hidden_layers == 1
    with quiet():
        loaded.module.save_pretrained(tmp_path / "cut")
        loaded.tokenizer.save_pretrained(tmp_path / "cut")
    assert load(tmp_path / "cut", "mean").newly_initialized == frozenset()


def test_old_names_of_tables_are_no_misfit(tmp_path: Path) -> None:
    folder = write(tmp_path, "bert")
    folders.change_weights(
        folder,
        lambda one: {**one, "embeddings.position_ids": torch.arange(48)[None], "cls.bias": torch.ones(3)},
    )
    load(folder)


@pytest.mark.parametrize("family", ["distilbert", "modernbert", "deberta-v2", "roberta"])
def test_a_missing_tensor_of_any_family(family: str, tmp_path: Path) -> None:
    folder = write(tmp_path, family, "AutoModelForMaskedLM")
    lost = ""

    def lose(weights: folders.Weights) -> folders.Weights:
        nonlocal lost
        lost = next(name for name in weights if ".1." in name and name.endswith("weight"))
        return folders.without(lost)(weights)

    folders.change_weights(folder, lose)
    with pytest.raises(ModelError) as caught:
        load(folder)
    assert caught.value.code == "weights-do-not-fit"
    assert lost in str(caught.value)


def test_relative_positions_that_are_switched_off(tmp_path: Path) -> None:
    """The file then has a table that the model does not use."""
    folder = write(tmp_path, "deberta-v2")
    folders.set_config(folder, relative_attention=False, position_biased_input=False)
    with pytest.raises(ModelError, match="does not use") as caught:
        load(folder)
    assert caught.value.code == "weights-do-not-fit"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 2e6])
def test_an_absurd_weight(value: float, tiny_model: Any) -> None:
    module = tiny_model("bert").module
    refuse_absurd_weights(module, "model")
    module.bert.encoder.layer[1].output.dense.weight.data[3, 4] = value
    with pytest.raises(ModelError, match=r"layer\.1\.output\.dense\.weight") as caught:
        refuse_absurd_weights(module, "model")
    assert caught.value.code == "damaged-weights"


def test_a_model_of_pictures() -> None:
    with pytest.raises(ModelError, match="pixel_values"):
        refuse_other_input(transformers.ViTModel, "model")


@pytest.mark.parametrize("value", [7, "BertModel", [None], [3, "x"], {}, None, [], ["BertForMaskedLM"]])
def test_names_of_classes_that_say_nothing(value: Any) -> None:
    config = transformers.BertConfig()
    config.architectures = value
    refuse_other_class(config, "model")


def test_the_class_of_another_kind_of_model() -> None:
    config = transformers.BertConfig()
    config.architectures = ["ElectraForPreTraining"]
    with pytest.raises(ModelError, match="'electra'"):
        refuse_other_class(config, "model")
