from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer

import adaptkit
from adaptkit.engine.forward import Forward
from adaptkit.errors import TaskError
from adaptkit.export import prediction
from adaptkit.export.losses import RowLosses
from adaptkit.task import Example, Task
from adaptkit.tasks import registry


def example(row: int) -> Example:
    return Example(row=row, inputs={})


def test_the_loss_is_that_of_a_plain_loop(
    tuned: Callable[[str, str], Any], data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In double precision: this model turns the rounding of single precision into errors of up to 1e-4."""
    outputs = prediction.torch_outputs

    def in_double(forward: Forward) -> Any:
        forward.module.double()
        return outputs(forward)

    monkeypatch.setattr(prediction, "torch_outputs", in_double)
    folder = tuned("text-classification", "full").folder.current_best
    predictor = adaptkit.load(folder)
    data = data_folder / "text-classification" / "test.csv"
    rows = adaptkit.row_results(predictor, data)
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval().double()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    names = json.loads((folder / "config.json").read_text())["label2id"]
    assert len(rows) > 2
    for one in rows:
        with torch.no_grad():
            logits = model(**tokenizer(one.row["text"], return_tensors="pt")).logits  # [1, labels]
        gold = torch.tensor([names[one.expected["label"]]])
        expected = torch.nn.functional.cross_entropy(logits, gold).item()
        assert one.loss == pytest.approx(expected, abs=1e-5)


def test_a_row_has_the_mean_over_its_tokens_and_windows() -> None:
    task = registry.load("ner")
    losses = RowLosses(task, [example(0), example(1), example(1)], 3)
    logits = np.array([[[2.0, 0.0], [0.0, 0.0]], [[0.0, 1.0], [3.0, 0.0]]], dtype=np.float32)
    labels = torch.tensor([[0, -100], [1, 1]])
    losses.take({"logits": logits}, {"labels": labels}, [0, 2])
    losses.take({"logits": logits[:1]}, {"labels": torch.tensor([[-100, 0]])}, [1])

    def loss(scores: list[float], label: int) -> float:
        gold = torch.tensor(label)
        return torch.nn.functional.cross_entropy(torch.tensor(scores), gold).item()

    second = (loss([0.0, 1.0], 1) + loss([3.0, 0.0], 1) + loss([0.0, 0.0], 0)) / 3
    assert losses.means() == pytest.approx([loss([2.0, 0.0], 0), second, 0.0])


def test_a_loss_that_fails_names_its_task() -> None:
    def loss(outputs: Any, batch: Any) -> Any:
        raise ZeroDivisionError("no")

    base = registry.load("text-classification")
    task = Task(**{**vars(base), "loss": loss})
    losses = RowLosses(task, [example(0)], 1)
    with pytest.raises(TaskError, match="loss failed: ZeroDivisionError: no"):
        losses.take({"logits": np.zeros((1, 2), dtype=np.float32)}, {}, [0])
