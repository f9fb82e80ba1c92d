"""How heads may pool an encoder's hidden states, and what a model declares.

This module does not import torch, so that wrong settings and data are refused before torch is there; the
heads are in `pooled_head` and `pairs`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.documents import read_json
from adaptkit.errors import ConfigError
from adaptkit.models.files import DECLARATION, MODULES, optional_file

if TYPE_CHECKING:
    from torch import nn
    from transformers import PretrainedConfig

    from adaptkit.task import Task

PAIR = "pair"
"""Two texts pooled apart and compared; see `adaptkit.models.pairs`."""

NORMALIZED = "normalized-"
"""Before "mean" or "first": the pooled vector is divided by its length."""

CHECKPOINT = "checkpoint"
"""The head that transformers puts on the checkpoint: for BERT, the pooler and a linear layer."""

POOLED_HEADS = ("sequence-classification",)
"""The tags of the heads that read one vector per text."""

DECLARED = {
    "mean": ("pooling_mode_mean_tokens", "mean"),
    "first": ("pooling_mode_cls_token", "cls"),
}
"""Pooling → its key in a declaration with a key per mode, and its name where the mode is named."""


def with_pooling(task: Task, pooling: str) -> Task:
    """The task with a `PooledHead` in place of the transformers head that it names.

    Raises:
        ConfigError: the task's head does not read one vector per text.
    """
    if pooling in ("", CHECKPOINT):
        return task
    if task.head not in POOLED_HEADS:
        raise ConfigError(
            f"--pooling {pooling} for the task {task.name!r}",
            expected="a task whose head reads one vector per text",
            next_step="Leave --pooling out.",
            code="no-pooling",
        )

    if pooling == PAIR:
        return _with_pair_head(task)

    def head(config: PretrainedConfig, labels: Sequence[str]) -> nn.Module:
        from adaptkit.models.pooled_head import PooledHead

        return PooledHead(pooling, config.hidden_size, int(config.num_labels or 1), _dropout_of(config))

    return replace(task, head=head)


def _with_pair_head(task: Task) -> Task:
    if not task.text_pair:
        raise ConfigError(
            f"--pooling {PAIR} for the task {task.name!r}",
            expected="a task with two texts in a row",
            next_step="Leave --pooling out.",
            code="no-pair",
        )

    from adaptkit.models.pairs import PairHead, with_sides

    def head(config: PretrainedConfig, labels: Sequence[str]) -> nn.Module:
        return PairHead(config.hidden_size, int(config.num_labels or 1), _dropout_of(config))

    return with_sides(task, head)


def _dropout_of(config: Any) -> float:
    """The dropout of a classification head, by the name that this kind of configuration has for it."""
    names = ("classifier_dropout", "seq_classif_dropout", "hidden_dropout_prob", "pooler_dropout")
    rates = (getattr(config, name, None) for name in names)
    return float(next((rate for rate in rates if rate is not None), 0.1))


def declared_pooling(location: str) -> str:
    """The pooling that a model declares; empty if it declares none that adaptkit has.

    Args:
        location: a model folder or a hub id, as `adaptkit.models.files.locate` gives it.

    Raises:
        ModelError: the hub fails.
    """
    path = optional_file(location, DECLARATION)
    try:
        declared = read_json(path) if path else {}
    except (OSError, ValueError):
        return ""
    if not isinstance(declared, Mapping):
        return ""
    modes = [
        how
        for how, (key, name) in DECLARED.items()
        if declared.get(key) is True or declared.get("pooling_mode") == name
    ]
    return modes[0] if len(modes) == 1 else ""


def declares_normalized(location: str) -> bool:
    """Whether the modules that a model declares divide the pooled vector by its length.

    Args:
        location: a model folder or a hub id, as `adaptkit.models.files.locate` gives it.

    Raises:
        ModelError: the hub fails.
    """
    path = optional_file(location, MODULES)
    try:
        modules = read_json(path) if path else []
    except (OSError, ValueError):
        return False
    parts = modules if isinstance(modules, list) else []
    return any(str(one.get("type")).endswith(".Normalize") for one in parts if isinstance(one, Mapping))
