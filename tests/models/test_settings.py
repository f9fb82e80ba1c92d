"""Settings of a configuration that lead outside its folder; the end-to-end tests have each of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adaptkit.errors import ModelError
from adaptkit.models.loading import load_config
from adaptkit.models.settings import refuse_settings
from tests.helpers import model_folders as folders


@pytest.mark.parametrize(
    "settings",
    [
        {"attn_implementation": "owner/kernel"},
        {"_attn_implementation_internal": "owner/kernel:layer"},
        {"parts": [{"attn_implementation": {"text": "owner/kernel"}}]},
        {"text_config": {"backbone": "owner/model"}},
        {"fusion_config": {"a": 1}},
        {"kernel_config": {"a": "owner/kernel"}},
    ],
)
def test_they_are_refused_at_any_depth(settings: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings))
    with pytest.raises(ModelError) as caught:
        refuse_settings(path)
    assert caught.value.code == "unsafe-setting"
    assert "Remove" in caught.value.next_step


@pytest.mark.parametrize(
    "settings",
    [
        {"attn_implementation": "sdpa"},
        {"quantization_config": None, "backbone": None, "use_pretrained_backbone": False},
        {"_name_or_path": "owner/model"},
        [],
    ],
)
def test_others_are_left_alone(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text(json.dumps(settings))
    refuse_settings(path)


def test_a_file_that_is_not_json_is_left_to_transformers(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{")
    refuse_settings(tmp_path / "config.json")


@pytest.mark.parametrize(
    ("value", "used"),
    [("eager", "eager"), ("sdpa", "sdpa"), ("flash_attention_2", None), ("paged|sdpa", None)],
)
def test_attention_outside_torch_is_not_used(
    value: str, used: str | None, tiny_folder: Path, tmp_path: Path
) -> None:
    """transformers would fetch a kernel for it from the hub."""
    folder = folders.copied(tiny_folder, tmp_path / "model")
    folders.set_config(folder, attn_implementation=value)
    config: Any = load_config(str(folder), "model")
    assert config._attn_implementation == used


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer_norm_eps", 1.5),
        ("layer_norm_eps", float("nan")),
        ("hidden_dropout_prob", 1.0),
        ("attention_probs_dropout_prob", -0.1),
        ("classifier_dropout", 7.0),
        ("initializer_range", float("inf")),
    ],
)
def test_numbers_that_no_model_has(name: str, value: float, tiny_folder: Path, tmp_path: Path) -> None:
    folder = folders.copied(tiny_folder, tmp_path / "model")
    folders.set_config(folder, **{name: value})
    with pytest.raises(ModelError, match=name):
        load_config(str(folder), "model")
