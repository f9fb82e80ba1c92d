from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from adaptkit.errors import ExportError
from adaptkit.export import saving as exporting
from adaptkit.export.loading import load_module, read_description
from adaptkit.export.saving import Winner, export
from adaptkit.tasks import registry


def winner_of(study: Any) -> Winner:
    weights = study.folder.weights(study.best.number)
    return Winner(
        config=study.folder.read_config(),
        task=registry.load(study.summary.task),
        labels=study.summary.labels,
        parameters=load_file(weights)["row"],
        vocabulary=load_file(weights).get("vocabulary"),
        calibration={},
        card="# a card\n",
        plugin="adaptkit-ner",
        versions={},
    )


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full"])
def test_what_is_loaded_back_is_the_row(
    strategy: str, tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    """Every number of the row is in the folder: as weights of the model, or of the adapter and its head."""
    winner = winner_of(tuned("text-classification", strategy))
    export(winner, tmp_path / "model")
    (file,) = (tmp_path / "model").glob("*model.safetensors")
    held = torch.cat([tensor.flatten() for tensor in load_file(file).values()])
    assert set(winner.parameters.tolist()) <= set(held.tolist())
    assert (tmp_path / "model" / "README.md").read_text() == "# a card\n"


def test_a_merged_adapter_gives_the_adapters_logits(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    winner = winner_of(tuned("ner", "lora"))
    export(winner, tmp_path / "adapter")
    export(winner, tmp_path / "merged", merge=True)
    ids = torch.arange(5, 17).view(2, 6)
    logits = [
        load_module(folder, read_description(folder), winner.task)(
            input_ids=ids, attention_mask=torch.ones_like(ids)
        ).logits
        for folder in (tmp_path / "adapter", tmp_path / "merged")
    ]
    torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-4)
    assert not (tmp_path / "merged" / "adapter_config.json").exists()


def test_a_row_of_another_model_is_refused(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    winner = winner_of(tuned("ner", "full"))
    with pytest.raises(ExportError, match=r"parameters.*study\.toml"):
        export(replace(winner, parameters=winner.parameters[:-1]), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_give_the_logits_is_not_put_in_place(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fault of many peers, on purpose: a head that is saved wrongly."""
    winner = winner_of(tuned("ner", "full"))
    export(winner, tmp_path / "model")
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    def save_another_head(module: Any, folder: Path) -> None:
        with torch.no_grad():
            module.classifier.weight.add_(0.01)
        module.save_pretrained(folder)

    monkeypatch.setattr(exporting, "_save", save_another_head)
    with pytest.raises(ExportError, match="logits differ"):
        export(winner, tmp_path / "model")
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_model_that_is_not_finite_is_no_export(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    winner = winner_of(tuned("ner", "full"))
    with pytest.raises(ExportError):
        export(
            replace(winner, parameters=torch.full_like(winner.parameters, float("nan"))), tmp_path / "model"
        )
    assert list(tmp_path.iterdir()) == []
