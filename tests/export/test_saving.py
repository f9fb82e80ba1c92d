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
from adaptkit.export.saving import TrialToExport, export
from adaptkit.run.resolve import strategy_of
from adaptkit.tasks import registry


def best_trial_of(study: Any) -> TrialToExport:
    weights = study.folder.weights(study.best.number)
    return TrialToExport(
        config=study.folder.read_config(),
        strategy=strategy_of(study.folder.read_config()),
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
def test_the_folder_has_the_trials_parameters(
    strategy: str, tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    """Every parameter is in the folder: as a weight of the model, or of the adapter and its head."""
    trial = best_trial_of(tuned("text-classification", strategy))
    export(trial, tmp_path / "model")
    (file,) = (tmp_path / "model").glob("*model.safetensors")
    held = torch.cat([tensor.flatten() for tensor in load_file(file).values()])
    assert set(trial.parameters.tolist()) <= set(held.tolist())
    assert (tmp_path / "model" / "README.md").read_text() == "# a card\n"


def test_a_merged_adapter_gives_the_adapters_logits(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    trial = best_trial_of(tuned("ner", "lora"))
    export(trial, tmp_path / "adapter")
    export(trial, tmp_path / "merged", merge=True)
    ids = torch.arange(5, 17).view(2, 6)
    logits = [
        load_module(folder, read_description(folder), trial.task)(
            input_ids=ids, attention_mask=torch.ones_like(ids)
        ).logits
        for folder in (tmp_path / "adapter", tmp_path / "merged")
    ]
    torch.testing.assert_close(*logits, atol=1e-5, rtol=1e-4)
    assert not (tmp_path / "merged" / "adapter_config.json").exists()


def test_the_parameters_of_another_model_are_rejected(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    trial = best_trial_of(tuned("ner", "full"))
    with pytest.raises(ExportError, match=r"study\.toml") as error:
        export(replace(trial, parameters=trial.parameters[:-1]), tmp_path / "model")
    assert error.value.code == "base-model-changed"
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_other_logits_is_not_put_in_place(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A head that is saved wrongly, as some other tools do."""
    trial = best_trial_of(tuned("ner", "full"))
    export(trial, tmp_path / "model")
    before = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}

    def save_another_head(module: Any, folder: Path) -> None:
        with torch.no_grad():
            module.classifier.weight.mul_(1.01)
        module.save_pretrained(folder)

    monkeypatch.setattr(exporting, "_save", save_another_head)
    with pytest.raises(ExportError) as error:
        export(trial, tmp_path / "model")
    assert error.value.code == "logits-differ"
    assert {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_weights_that_are_not_finite_are_not_exported(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    trial = best_trial_of(tuned("ner", "full"))
    with pytest.raises(ExportError):
        export(replace(trial, parameters=torch.full_like(trial.parameters, float("nan"))), tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
