"""What confirmation runs draw again, with models in folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.config import StudyConfig
from adaptkit.engine.prepare import make_training, prepare_model
from adaptkit.engine.training import Training
from adaptkit.models.loading import LoadedModel, load_model
from adaptkit.run.initials import initials_of
from adaptkit.strategies.registry import built_in
from adaptkit.tasks import registry
from tests.helpers.data import moods

TASK = registry.load("text-classification")
LABELS = ("calm", "glad", "sad")


def loaded(folder: Path, seed: int = 0) -> LoadedModel:
    return load_model(TASK, str(folder), LABELS, seed=seed, max_length=None)


def training_of(model: LoadedModel, strategy: str) -> Training:
    rows = [{"text": text, "label": label} for text, label in moods(12, seed=1)]
    prepared = prepare_model(TASK, model, LABELS, built_in(strategy), device="cpu", bfloat16=False)
    return make_training(
        prepared, TASK, rows, rows, batch_sizes=[4], rungs_per_epoch=1, seed=0, metric="accuracy",
        direction="maximize",
    )  # fmt: skip


def drawn(folder: Path, strategy: str, *, solved_start: bool = False) -> Any:
    config = StudyConfig(task="text-classification", model=str(folder), strategy=strategy)
    training = training_of(loaded(folder), strategy)
    return initials_of(config, TASK, LABELS, training, [5, 6], solved_start=solved_start)


def test_a_new_head_is_drawn_for_each_seed(tiny_folder: Path) -> None:
    found = drawn(tiny_folder, "full")
    assert found.keys() == {5, 6}
    assert all("encoder" not in name and "embeddings" not in name for name in found[5])
    weight = dict(loaded(tiny_folder, seed=5).module.named_parameters())["classifier.weight"]
    assert torch.equal(found[5]["classifier.weight"], weight.flatten())
    assert not torch.equal(found[5]["classifier.weight"], found[6]["classifier.weight"])


@pytest.mark.parametrize("strategy", ["full", "lora"])
def test_a_solved_head_is_not_drawn_again(strategy: str, tiny_folder: Path) -> None:
    found = drawn(tiny_folder, strategy, solved_start=True)
    assert bool(found) == (strategy == "lora")
    assert all("lora_A" in name for its in found.values() for name in its)


def test_a_head_of_the_model_is_not_drawn_again(tiny_folder: Path, tmp_path: Path) -> None:
    model = loaded(tiny_folder)
    model.module.save_pretrained(tmp_path / "own")
    model.tokenizer.save_pretrained(tmp_path / "own")
    assert loaded(tmp_path / "own").head_kept
    assert drawn(tmp_path / "own", "full") == {}
