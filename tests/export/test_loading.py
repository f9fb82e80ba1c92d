from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.errors import ModelError, StudyError
from adaptkit.export.loading import DESCRIPTION, load_module, read_description
from adaptkit.tasks import registry


@pytest.fixture(params=["full", "lora"])
def folder(request: pytest.FixtureRequest, tuned: Callable[[str, str], Any], tmp_path: Path) -> Path:
    return Path(shutil.copytree(tuned("ner", request.param).folder.best, tmp_path / "model"))


def test_the_description_of_a_folder(folder: Path, tiny_folder: Path) -> None:
    description = read_description(folder)
    assert description.task == "ner"
    assert description.plugin == "adaptkit-ner"
    assert description.versions["adaptkit-ner"]
    assert description.labels == ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"]
    assert description.head_class == "AutoModelForTokenClassification"
    assert description.base_model in (None, str(tiny_folder))
    assert description.max_length == 48


def test_every_file_but_the_card_is_checked(folder: Path) -> None:
    (folder / "README.md").write_text("a card may be edited")
    for path in sorted(folder.iterdir()):
        if path.name in (DESCRIPTION, "manifest.json", "README.md"):
            continue
        before = path.read_bytes()
        path.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
        with pytest.raises(StudyError, match=path.name):
            read_description(folder)
        path.write_bytes(before)
    read_description(folder)


@pytest.mark.parametrize("content", ["", "[]", "{}", "{", '{"task": "ner", "colour": "red"}'])
def test_an_invalid_description_is_rejected(content: str, folder: Path) -> None:
    (folder / DESCRIPTION).write_text(content)
    with pytest.raises(ModelError) as error:
        read_description(folder)
    assert error.value.code == "not-a-model-folder"


def test_a_folder_of_another_program_is_rejected(tiny_folder: Path, tmp_path: Path) -> None:
    for other in (tiny_folder, tmp_path / "nowhere"):
        with pytest.raises(ModelError, match=r"adaptkit\.json"):
            read_description(other)


def test_a_missing_weight_is_named(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = Path(shutil.copytree(tuned("ner", "full").folder.best, tmp_path / "model"))
    description = read_description(folder)
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"classifier\.weight"):
        load_module(folder, description, registry.load("ner"))


def test_the_missing_base_model_of_an_adapter_is_named(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(tuned("ner", "lora").folder.best, tmp_path / "model"))
    values = json.loads((folder / DESCRIPTION).read_text())
    (folder / DESCRIPTION).write_text(json.dumps({**values, "base_model": "/nowhere/base"}))
    (folder / "manifest.json").unlink()
    with pytest.raises(ModelError, match=r"/nowhere/base.*export --merge") as caught:
        load_module(folder, read_description(folder), registry.load("ner"))
    assert caught.value.code == "no-base-model"
