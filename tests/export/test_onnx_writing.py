from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from adaptkit.data.encode import encode
from adaptkit.errors import ExportError
from adaptkit.export.onnx_model import open_session
from adaptkit.export.onnx_writing import proof_batches, refuse_differences, write_onnx
from adaptkit.models.pooling import with_pooling
from adaptkit.tasks import registry
from tests.helpers.onnx_models import FAMILIES, TASKS, ready_model, sample_labels, sample_rows, write_encoder


def compared(task: Any, family: str, tmp_path: Path) -> float:
    """Write the task's model as ONNX; the largest difference of its outputs from torch's."""
    folder = write_encoder(tmp_path / "encoder", family, word_level=task.word_level)
    model = ready_model(folder, task, sample_labels(task))
    rows = sample_rows(task).values[:40]
    batches = proof_batches(model, task, encode(task, rows, model.tokenizer, model.labels, model.max_length))
    assert len({batch["input_ids"].shape for batch in batches}) >= 3
    write_onnx(model, task, batches[0], tmp_path / "model.onnx")
    return refuse_differences(model.forward, task, tmp_path / "model.onnx", batches)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("task", TASKS)
def test_onnx_equals_torch(task: str, family: str, tmp_path: Path) -> None:
    assert compared(registry.load(task), family, tmp_path) < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["mean", "first", "pair"])
def test_pooled_heads_equal_torch(pooling: str, tmp_path: Path) -> None:
    assert compared(with_pooling(registry.load("nli"), pooling), "bert", tmp_path) < 1e-4


class AtPlaces(nn.Module):
    """A head of a plugin that reads one token of each text, and returns two outputs."""

    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.out, self.length = nn.Linear(width, labels), nn.Linear(width, 1)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor, place: torch.Tensor) -> Any:
        chosen = hidden[torch.arange(len(hidden)), place]  # [batch, width]
        return {"logits": self.out(chosen), "length": self.length(hidden).squeeze(-1) * mask}


def test_a_head_with_inputs_of_its_own_equals_torch(tmp_path: Path) -> None:
    own = registry.load("text-classification")

    def encoded(rows: Sequence[Any], *others: Any) -> list[Any]:
        return [
            replace(one, inputs={**one.inputs, "place": min(2, len(one.inputs["input_ids"]) - 1)})
            for one in own.encode(rows, *others)
        ]

    task = replace(
        own, encode=encoded, head_inputs=("place",), outputs=("logits", "length"),
        head=lambda config, labels: AtPlaces(config.hidden_size, len(labels)),
    )  # fmt: skip
    assert compared(task, "bert", tmp_path) < 1e-4
    session = open_session(tmp_path / "model.onnx")
    assert "place" in [one.name for one in session.get_inputs()]


class Branching(nn.Module):
    def __init__(self, width: int, labels: int) -> None:
        super().__init__()
        self.out = nn.Linear(width, labels)

    def forward(self, hidden: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.out(hidden[:, 0])
        return logits if float(logits.sum()) > 0 else -logits


def test_a_head_that_cannot_be_converted_is_named(tmp_path: Path) -> None:
    own = registry.load("text-classification")
    task = replace(own, head=lambda config, labels: Branching(config.hidden_size, len(labels)))
    with pytest.raises(ExportError, match="cannot convert this model to ONNX") as caught:
        compared(task, "bert", tmp_path)
    assert caught.value.code == "onnx-failed"
