"""Adapters: refused as a model, and checked before peft opens one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from adaptkit.errors import ModelError
from adaptkit.models.adapters import check_adapter, refuse_adapter


def adapter(folder: Path, **settings: object) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    known = {"peft_type": "LORA", "base_model_name_or_path": "owner/encoder"}
    (folder / "adapter_config.json").write_text(json.dumps({**known, **settings}))
    (folder / "adapter_model.safetensors").write_bytes(b"")
    return folder


def test_a_complete_model_is_not_an_adapter(tiny_folder: Path) -> None:
    refuse_adapter(tiny_folder)


def test_the_message_names_the_base_model(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"adapter \(LORA\).*'owner/encoder'.*merge_and_unload") as caught:
        refuse_adapter(adapter(tmp_path))
    assert caught.value.code == "adapter"


def test_an_adapter_in_a_study_is_merged_by_its_name(tmp_path: Path) -> None:
    folder = adapter(tmp_path / "moods" / "best")
    (folder / "adaptkit.json").write_text("{}")
    with pytest.raises(ModelError, match="adaptkit export STUDY --merge"):
        refuse_adapter(folder)
    (tmp_path / "moods" / "study.toml").write_text("")
    with pytest.raises(ModelError, match="adaptkit export moods --merge"):
        refuse_adapter(folder)


@pytest.mark.parametrize("content", ["", "{", "[1]", "[" * 10_000])
def test_an_unreadable_description_is_still_an_adapter(content: str, tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text(content)
    with pytest.raises(ModelError) as caught:
        refuse_adapter(tmp_path)
    assert caught.value.code == "adapter"


def test_a_plain_lora_adapter_is_opened(tmp_path: Path) -> None:
    check_adapter(adapter(tmp_path))


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"peft_type": "XLORA"}, "not-lora"),
        ({"peft_type": "PROMPT_TUNING", "tokenizer_name_or_path": "owner/model"}, "not-lora"),
        ({"megatron_config": {"x": 1}, "megatron_core": "os"}, "not-lora"),
        ({"peft_type": None}, "not-lora"),
    ],
)
def test_any_other_adapter_is_not_opened(settings: dict[str, object], code: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as caught:
        check_adapter(adapter(tmp_path, **settings))
    assert caught.value.code == code


def test_pickled_weights_of_an_adapter_are_not_opened(tmp_path: Path) -> None:
    (adapter(tmp_path) / "adapter_model.safetensors").rename(tmp_path / "adapter_model.bin")
    with pytest.raises(ModelError, match="pickled weights are not read"):
        check_adapter(tmp_path)
