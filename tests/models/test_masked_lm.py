"""masked-lm: what becomes of the head, and its export as the encoder of another task."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
import transformers
from adaptkit_masked_lm import masked_lm

import adaptkit
from adaptkit.models.loading import load_model
from adaptkit.models.masked_lm import NO_HEAD, TAKEN_OVER, copy_pooling
from tests.helpers.data import moods

TEXTS = [{"text": text} for text, _ in moods(24, seed=3)]
ROWS = [{"text": text, "label": label} for text, label in moods(24, seed=4)]


@pytest.fixture(scope="module")
def sentence_encoder(tiny_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder that declares mean pooling and has no masked-language-model head."""
    folder = tmp_path_factory.mktemp("encoders") / "sentences"
    shutil.copytree(tiny_folder, folder)
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_mean_tokens": true}')
    modules = [{"idx": 0, "path": ""}, {"idx": 1, "path": "1_Pooling"}, {"idx": 2, "path": "2_Normalize"}]
    (folder / "modules.json").write_text(json.dumps(modules))
    return folder


def tuned(task: str, rows: object, model: Path, strategy: str, studies: Path) -> adaptkit.Study:
    return adaptkit.tune(
        task, train=rows, dev=rows, model=str(model), strategy=strategy, trials=1, epochs=1, confirm=0,
        study=f"{task}-{strategy}", studies=studies, device="cpu", progress=False,
    )  # fmt: skip


@pytest.mark.parametrize("strategy", ["full", "lora", "frozen"])
def test_the_export_is_an_encoder_for_other_tasks(
    strategy: str, sentence_encoder: Path, tmp_path: Path
) -> None:
    study = tuned("masked-lm", TEXTS, sentence_encoder, strategy, tmp_path)
    folder = study.folder.path / "best"
    assert NO_HEAD in " ".join(study.summary.warnings)
    assert not (folder / "adapter_config.json").exists()
    assert (folder / "1_Pooling" / "config.json").exists()
    model = transformers.AutoModelForMaskedLM.from_pretrained(folder)
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight
    before = transformers.AutoModel.from_pretrained(sentence_encoder).state_dict()
    after = model.base_model.state_dict()
    moved = any(not torch.equal(after[name], before[name]) for name in after if name in before)
    assert moved == (strategy != "frozen")
    assert model.cls.predictions.bias.any()

    other = tuned("text-classification", ROWS, folder, "frozen", tmp_path)
    assert other.best_value is not None
    assert other.load().predict(["what a day"])


def test_a_masked_language_models_own_head_is_taken_over(tiny_folder: Path, tmp_path: Path) -> None:
    task = masked_lm()
    first = load_model(task, str(tiny_folder), (), seed=0, max_length=None)
    assert first.head_note == NO_HEAD
    assert first.newly_initialized
    first.module.save_pretrained(tmp_path / "with-head")
    first.tokenizer.save_pretrained(tmp_path / "with-head")
    again = load_model(task, str(tmp_path / "with-head"), (), seed=1, max_length=None)
    assert (again.head_note, again.head_kept, again.newly_initialized) == (TAKEN_OVER, True, frozenset())
    for name, one in first.module.state_dict().items():
        torch.testing.assert_close(again.module.state_dict()[name], one)


@pytest.mark.parametrize("path", ["../elsewhere", "/etc"])
def test_modules_outside_the_folder_are_not_copied(path: str, tmp_path: Path) -> None:
    source, to = tmp_path / "source", tmp_path / "to"
    source.mkdir()
    to.mkdir()
    (source / "modules.json").write_text(json.dumps([{"path": ""}, {"path": path}]))
    copy_pooling(source, to)
    assert not list(to.iterdir())
