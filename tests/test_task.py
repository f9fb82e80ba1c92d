from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
import torch
from torch.nn.functional import cross_entropy as reference

from adaptkit.task import Task, cross_entropy, only_piece, text_column


def test_the_loss_is_torchs_cross_entropy_without_reduction() -> None:
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(3, 5, 4, generator=draw)  # [batch, tokens, classes]
    labels = torch.randint(0, 4, (3, 5), generator=draw)  # [batch, tokens]
    labels[0, 3:] = -100
    losses, weights = cross_entropy({"logits": logits}, {"labels": labels})
    assert losses.shape == weights.shape == labels.shape
    assert weights.sum() == 13
    mean = (losses * weights).sum() / weights.sum()
    torch.testing.assert_close(mean, reference(logits.flatten(0, 1), labels.flatten()))


def test_a_batch_of_padding_has_weight_0() -> None:
    losses, weights = cross_entropy({"logits": torch.randn(2, 3)}, {"labels": torch.tensor([-100, -100])})
    assert (losses * weights).sum() == 0
    assert weights.sum() == 0


def test_only_piece_takes_exactly_one_piece() -> None:
    assert only_piece({}, ["all of it"]) == "all of it"
    with pytest.raises(ValueError):
        only_piece({}, ["one", "two"])
    assert text_column("a text") == {"text": "a text"}


def test_a_task_has_seven_required_parts_and_is_frozen() -> None:
    required = {
        one.name
        for one in dataclasses.fields(Task)
        if one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING
    }
    assert required == {"name", "columns", "head", "encode", "decode", "metric", "collator"}
    task = Task(**dict.fromkeys(required, None))  # type: ignore[arg-type]
    with pytest.raises(dataclasses.FrozenInstanceError):
        task.name = "other"  # type: ignore[misc]


def test_the_module_does_not_import_torch() -> None:
    code = "import sys, adaptkit.task; print('torch' in sys.modules or 'transformers' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"
