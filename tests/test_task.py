from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
import torch
from torch.nn.functional import cross_entropy as reference

from adaptkit.task import Task, cross_entropy, only_piece, text_column


def test_the_loss_is_torchs_own_but_not_reduced() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 4, generator=draw)  # [batch, tokens, classes]
    labels = torch.randint(0, 4, (3, 5), generator=draw)  # [batch, tokens]
    labels[0, 3:] = -100
    losses, weights = cross_entropy({"logits": logits}, {"labels": labels})
    assert losses.shape == weights.shape == labels.shape
    assert weights.sum() == 13
    mean = (losses * weights).sum() / weights.sum()
    torch.testing.assert_close(mean, reference(logits.flatten(0, 1), labels.flatten()))


def test_padding_alone_weighs_nothing() -> None:
    losses, weights = cross_entropy({"logits": torch.randn(2, 3)}, {"labels": torch.tensor([-100, -100])})
    assert (losses * weights).sum() == 0
    assert weights.sum() == 0


def test_one_row_one_piece() -> None:
    assert only_piece({}, ["all of it"]) == "all of it"
    with pytest.raises(ValueError):
        only_piece({}, ["one", "two"])
    assert text_column("a text") == {"text": "a text"}


def test_a_task_needs_a_few_parts_only_and_cannot_be_changed() -> None:
    needed = {
        one.name
        for one in dataclasses.fields(Task)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    }
    assert needed == {"name", "columns", "head", "encode", "decode", "metric", "collator"}
    task = Task(**dict.fromkeys(needed, None))  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.name = "other"  # type: ignore[misc]


def test_the_module_loads_no_torch() -> None:
    code = "import sys, adaptkit.task; print('torch' in sys.modules or 'transformers' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
