from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adaptkit.errors import ConfigError
from adaptkit.models.pooling import (
    DECLARATION,
    declared_pooling,
    declares_normalized,
    with_pooling,
)
from tests.helpers.number_task import number_task


@pytest.mark.parametrize(
    ("modules", "normalized"),
    [
        ([{"type": "sentence_transformers.models.Pooling"}], False),
        ([{"type": "sentence_transformers.models.Pooling"}, {"type": "x.models.Normalize"}], True),
        ({"type": "sentence_transformers.models.Normalize"}, False),
        (["Normalize", {"name": "2"}], False),
    ],
)
def test_declared_modules_may_normalize(modules: Any, normalized: bool, tmp_path: Path) -> None:
    assert not declares_normalized(str(tmp_path))
    (tmp_path / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    assert declares_normalized(str(tmp_path)) is normalized


def test_damaged_modules_declare_nothing(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[", encoding="utf-8")
    assert not declares_normalized(str(tmp_path))


@pytest.mark.parametrize(
    ("declared", "pooling"),
    [
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": False}, "mean"),
        ({"pooling_mode_cls_token": True}, "first"),
        ({"pooling_mode": "mean"}, "mean"),
        ({"pooling_mode": "cls"}, "first"),
        ({"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, ""),
        ({"pooling_mode_max_tokens": True}, ""),
        ([], ""),
    ],
)
def test_the_folder_declares_its_pooling(declared: Any, pooling: str, tmp_path: Path) -> None:
    (tmp_path / DECLARATION).parent.mkdir()
    (tmp_path / DECLARATION).write_text(json.dumps(declared))
    assert declared_pooling(str(tmp_path)) == pooling


@pytest.mark.parametrize("content", ["{", "[" * 100_000])
def test_a_folder_without_a_declaration_has_none(content: str, tmp_path: Path) -> None:
    assert declared_pooling(str(tmp_path)) == ""
    (tmp_path / DECLARATION).parent.mkdir()
    (tmp_path / DECLARATION).write_text(content)
    assert declared_pooling(str(tmp_path)) == ""


def test_a_token_task_has_no_pooling() -> None:
    task = number_task("token-classification")
    assert with_pooling(task, "checkpoint") is task
    with pytest.raises(ConfigError) as refused:
        with_pooling(task, "mean")
    assert refused.value.code == "no-pooling"
