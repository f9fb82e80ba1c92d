from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.errors import ConfigError
from adaptkit.models.custom_head import OWN_HEAD, encoder_class, put_on
from adaptkit.models.loading import LoadedModel
from adaptkit.models.pooling import (
    DECLARATION,
    PooledHead,
    declared_pooling,
    declares_normalized,
    pooling_of,
    with_pooling,
)
from tests.helpers.models import tiny_config
from tests.helpers.number_task import LABELS, number_task
from tests.helpers.plain_training import assert_trained_as_in_plain_torch


def pooled_model(family: str, pooling: str) -> LoadedModel:
    """A tiny encoder with a `PooledHead`, as `load_model` gives it."""
    config = tiny_config(family)
    torch.manual_seed(0)
    kind, settings = encoder_class(config)
    module = put_on(kind(config, **settings), PooledHead(pooling, 16, len(LABELS), 0.0)).eval()
    head = frozenset(name for name, _ in module.named_parameters() if name.startswith("task_head"))
    return LoadedModel(
        module=module, tokenizer=None, newly_initialized=head, head_class=OWN_HEAD, source="tiny",
        max_length=48,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert", "modernbert", "deberta-v2", "mpnet"])
def test_pooled_heads_train_as_in_plain_torch(family: str, strategy: str) -> None:
    # The mean of a tiny random ModernBERT's normalised states hardly differs between texts.
    pooling = "first" if (family, strategy) == ("modernbert", "frozen") else "mean"
    assert_trained_as_in_plain_torch(pooled_model(family, pooling), strategy, "sequence-classification")


def test_the_first_token_trains_as_in_plain_torch() -> None:
    assert_trained_as_in_plain_torch(pooled_model("bert", "first"), "full", "sequence-classification")


def test_the_mean_leaves_padding_out() -> None:
    torch.manual_seed(0)
    hidden, mask = torch.randn(2, 5, 3), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    pooled = PooledHead("mean", 3, 2, 0.0).pool(hidden, mask)
    torch.testing.assert_close(pooled[0], hidden[0].mean(0))
    torch.testing.assert_close(pooled[1], hidden[1, :2].mean(0))


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_normalized_means_train_as_in_plain_torch(strategy: str) -> None:
    model = pooled_model("bert", "normalized-mean")
    assert_trained_as_in_plain_torch(model, strategy, "sequence-classification")


@pytest.mark.parametrize("kind", ["mean", "first"])
def test_a_normalized_vector_has_length_one(kind: str) -> None:
    torch.manual_seed(0)
    hidden, mask = torch.randn(2, 5, 3), torch.tensor([[1, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
    plain, normalized = (PooledHead(name, 3, 2, 0.0) for name in (kind, f"normalized-{kind}"))
    pooled = plain.pool(hidden, mask)
    expected = pooled / pooled.norm(dim=-1, keepdim=True)
    torch.testing.assert_close(normalized.pool(hidden, mask), expected)
    # Kept features are pooled already: pooling them again changes nothing.
    torch.testing.assert_close(normalized.pool(expected.unsqueeze(1), mask[:, :1]), expected)


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


def test_a_model_says_how_it_pools() -> None:
    assert pooling_of(pooled_model("bert", "first").module) == "first"
    assert pooling_of(torch.nn.Linear(2, 2)) == "checkpoint"
