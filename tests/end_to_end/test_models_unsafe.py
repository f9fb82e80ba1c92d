"""Model folders that are adapters, lead to code, or have changed: refused, and nothing is opened."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.system.quiet import quiet
from tests.helpers import model_folders as folders
from tests.helpers.model_folders import refused
from tests.helpers.program import Answer, called

OUTPUT = "encoder.layer.1.output.dense.weight"


def test_an_adapter_of_adaptkit(
    tuned: Callable[[str, str], Any], model: Path, tune: Callable[..., Answer]
) -> None:
    best = tuned("text-classification", "lora").folder.best
    refused(tune("--model", best), "adapter (LORA)", f"adaptkit export {best.parent.name} --merge --to")


@pytest.mark.parametrize("complete", [True, False])
def test_an_adapter_of_peft(complete: bool, model: Path, tune: Callable[..., Answer], tmp_path: Path) -> None:
    """Alone, and beside the files of a complete model, which transformers would load together."""
    import peft
    import transformers

    folder = model if complete else tmp_path / "adapter"
    with quiet():
        base = transformers.AutoModel.from_pretrained(model)
        adapted = peft.get_peft_model(base, peft.LoraConfig(r=2, target_modules=["query"]))
        adapted.save_pretrained(folder)
    refused(tune("--model", folder), "adapter (LORA)", str(model), "merge_and_unload()")


@pytest.mark.parametrize("below", ["checkpoint-500", "0_Transformer", "runs/last"])
def test_a_model_further_down(
    below: str, tiny_folder: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folders.copied(tiny_folder, tmp_path / "outer" / below)
    refused(tune("--model", tmp_path / "outer"), "no config.json", str(tmp_path / "outer" / below))


def test_a_study_as_model(tuned: Callable[[str, str], Any], tune: Callable[..., Answer]) -> None:
    study = tuned("text-classification", "full").folder
    refused(tune("--model", study.path), "no config.json", str(study.best))


# What may lead to code.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("attn_implementation", "owner/kernel"),
        ("attn_implementation", "paged|owner/kernel@main:function"),
        ("attn_implementation", {"": "owner/kernel"}),
        ("text_config", {"_attn_implementation": "owner/kernel"}),
        ("experts_implementation", "owner/kernel"),
        ("transformers_weights", "adapter_model.bin"),
        ("backbone", "owner/model"),
        ("use_pretrained_backbone", True),
        ("quantization_config", {"quant_method": "fp8"}),
    ],
)
def test_a_setting_that_leads_elsewhere(
    name: str, value: object, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folders.set_config(model, **{name: value})
    refused(tune(), "config.json", "leads to")
    assert os.listdir(tmp_path) == ["model"]


class Marks:
    """Writes a file when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.marker, "ran"))


@pytest.mark.parametrize("name", ["adapter_model.bin", "pytorch_model.bin", "model-00001-of-00001.bin"])
def test_pickled_weights_are_not_opened(
    name: str, model: Path, tune: Callable[..., Answer], tmp_path: Path
) -> None:
    torch.save({OUTPUT: Marks(tmp_path / "marker")}, model / name)
    index = {"metadata": {}, "weight_map": {OUTPUT: name}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))
    (model / "pytorch_model.bin.index.json").write_text(json.dumps(index))
    (model / "model.safetensors").unlink()
    refused(tune(), name, "safetensors")
    assert os.listdir(tmp_path) == ["model"]


def test_pickled_weights_of_an_export_are_not_opened(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    folder = folders.copied(tuned("text-classification", "lora").folder.best, tmp_path / "export")
    (folder / "adapter_model.safetensors").unlink()
    (folder / "manifest.json").unlink()
    torch.save({"x": Marks(tmp_path / "marker")}, folder / "adapter_model.bin")
    refused(called("predict", folder, "a text"), "adapter_model.safetensors")
    assert not (tmp_path / "marker").exists()


def test_an_adapter_in_a_complete_export_is_not_opened(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    """transformers would put it on the model."""
    folder = folders.copied(tuned("text-classification", "full").folder.best, tmp_path / "export")
    (folder / "adapter_config.json").write_text('{"peft_type": "LORA", "base_model_name_or_path": "x/y"}')
    torch.save({"x": Marks(tmp_path / "marker")}, folder / "adapter_model.bin")
    refused(called("predict", folder, "a text"), "adapter (LORA)")
    assert not (tmp_path / "marker").exists()


def test_an_export_of_another_kind_of_adapter(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    folder = folders.copied(tuned("text-classification", "lora").folder.best, tmp_path / "export")
    (folder / "manifest.json").unlink()
    folders.change_json(folder / "adapter_config.json", peft_type="XLORA", adapters={"0": "owner/adapter"})
    refused(called("predict", folder, "a text"), "plain LoRA")


# A folder that adaptkit wrote.


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "adaptkit.json"])
def test_a_flipped_bit_where_there_is_a_manifest(
    name: str, tuned: Callable[[str, str], Any], tune: Callable[..., Answer], tmp_path: Path
) -> None:
    folder = folders.copied(tuned("text-classification", "full").folder.best, tmp_path / "export")
    folders.flip_bit(folder / name, at=-20)
    refused(tune("--model", folder), "is damaged", name)


def test_a_foreign_manifest_is_not_compared(model: Path, tune: Callable[..., Answer]) -> None:
    (model / "manifest.json").write_text('{"fileFormatVersion": "1.0.0", "itemInfoEntries": {}}')
    assert tune().code == 0
