from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.data import SENTENCE
from tests.helpers.program import called
from tests.helpers.shared import made_once

TEXTS = (SENTENCE, "merry", "the cold river has seen the old boats near a bridge", "grey " * 40)

Tuned = Callable[[str, str], Any]


@pytest.fixture
def onnx_folder(tuned: Tuned, shared: Path) -> Path:
    """The winner for ner as ONNX. To be read, not written to."""
    return made_once(shared / "onnx-ner", lambda to: exported(tuned, "ner", "full", to))


def exported(tuned: Tuned, task: str, strategy: str, to: Path, *options: object) -> Path:
    answer = called("export", tuned(task, strategy).folder.path, "--to", to, "--onnx", *options)
    assert answer.code == 0, answer.err
    return to


@pytest.mark.parametrize(
    ("task", "strategy"),
    [("ner", "lora"), pytest.param("text-classification", "frozen", marks=pytest.mark.slow)],
)
def test_an_onnx_folder_predicts_as_the_study_does(
    task: str, strategy: str, tuned: Tuned, tmp_path: Path
) -> None:
    folder = exported(tuned, task, strategy, tmp_path / "deep" / "model")
    assert {"model.onnx", "tokenizer.json", "adaptkit.json", "predict.py", "README.md"} <= {
        path.name for path in folder.iterdir()
    }
    assert not list(folder.glob("*.safetensors"))
    (said, wanted) = (
        called("predict", model, *TEXTS, "--json") for model in (folder, tuned(task, strategy).folder.path)
    )
    assert said.code == wanted.code == 0, said.err
    for one, other in zip(said.out.splitlines(), wanted.out.splitlines(), strict=True):
        found, expected = json.loads(one), json.loads(other)
        for name in ("label", "text"):
            assert found.get(name) == expected.get(name)
        assert [e["start"] for e in found.get("entities", [])] == [
            e["start"] for e in expected.get("entities", [])
        ]
        assert found.get("probability", 0) == pytest.approx(expected.get("probability", 0), abs=1e-5)


def test_an_onnx_folder_is_evaluated_as_the_study(tuned: Tuned, onnx_folder: Path, data_folder: Path) -> None:
    answers = [
        called("evaluate", model, "--data", data_folder / "ner", "--json")
        for model in (onnx_folder, tuned("ner", "full").folder.path)
    ]
    values = [json.loads(answer.out)["values"] for answer in answers]
    assert values[0] == pytest.approx(values[1])


@pytest.mark.parametrize("precision", ["int8", pytest.param("fp16", marks=pytest.mark.slow)])
def test_a_lower_precision_is_smaller_and_measured(
    precision: str, tuned: Tuned, onnx_folder: Path, tmp_path: Path
) -> None:
    less = exported(tuned, "ner", "full", tmp_path / "less", f"--{precision}", "--max-loss", "100")
    assert (less / "model.onnx").stat().st_size < (onnx_folder / "model.onnx").stat().st_size
    about = json.loads((less / "adaptkit.json").read_text())
    assert about["onnx"] == precision
    assert about["onnx_scores"]["fp32"] == pytest.approx(tuned("ner", "full").best.values["f1"], abs=1e-6)
    assert "## Precision" in (less / "README.md").read_text()
    assert called("predict", less, *TEXTS).code == 0


def test_a_loss_beyond_the_limit_is_refused(
    tuned: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All weights are rounded to zero, as no real quantisation does."""
    from adaptkit.export import onnx_folder

    def ruined(path: Path, precision: Any) -> None:
        import onnx
        from onnx import numpy_helper

        model = onnx.load(path)
        for tensor in model.graph.initializer:
            values = numpy_helper.to_array(tensor)
            if values.dtype == "float32":
                tensor.CopyFrom(numpy_helper.from_array(values * 0, tensor.name))
        onnx.save(model, path)

    monkeypatch.setattr(onnx_folder, "reduce_precision", ruined)
    to = tmp_path / "model"
    answer = called("export", tuned("ner", "full").folder.path, "--to", to, "--onnx", "--int8")
    assert answer.code == 1
    assert "points worse" in answer.err
    assert "--max-loss" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_other_outputs_than_torchs_are_refused(
    tuned: Tuned, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from adaptkit.export import onnx_writing

    monkeypatch.setattr(onnx_writing, "LARGEST_DIFFERENCE", 1e-12)
    answer = called("export", tuned("ner", "full").folder.path, "--to", tmp_path / "model", "--onnx")
    assert answer.code == 1
    assert "differ from torch's" in answer.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--int8"], "--int8 needs --onnx"),
        (["--onnx", "--int8", "--fp16"], "not both"),
        (["--onnx", "--max-loss", "2"], "--max-loss needs"),
        (["--onnx", "--int8", "--max-loss", "-1"], "-1"),
    ],
)
def test_options_that_contradict_are_refused(
    options: list[str], words: str, tuned: Tuned, tmp_path: Path
) -> None:
    answer = called("export", tuned("ner", "full").folder.path, "--to", tmp_path / "model", *options)
    assert answer.code == 2
    assert words in answer.err
    assert list(tmp_path.iterdir()) == []


def moved_study(tuned: Tuned, tmp_path: Path, data: str) -> Path:
    """A copy of a study whose data are said to be elsewhere."""
    copy = Path(shutil.copytree(tuned("ner", "full").folder.path, tmp_path / "moved"))
    lines = (copy / "study.toml").read_text().splitlines()
    changed = [f"data = {json.dumps(data)}" if line.startswith("data = ") else line for line in lines]
    (copy / "study.toml").write_text("\n".join(changed))
    return copy


def test_without_the_data_the_sample_proves_the_model(tuned: Tuned, tmp_path: Path) -> None:
    copy = moved_study(tuned, tmp_path, str(tmp_path / "gone"))
    answer = called("export", copy, "--to", tmp_path / "model", "--onnx")
    assert answer.code == 0, answer.err
    refused = called("export", copy, "--to", tmp_path / "less", "--onnx", "--int8")
    assert refused.code == 2
    assert "gone" in refused.err


def test_a_loss_is_measured_on_the_studys_rows_only(tuned: Tuned, data_folder: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(data_folder / "ner", tmp_path / "data"))
    (other / "dev.conll").write_text((other / "test.conll").read_text())
    copy = moved_study(tuned, tmp_path, str(other))
    answer = called("export", copy, "--to", tmp_path / "less", "--onnx", "--int8")
    assert answer.code == 2
    assert "have changed" in answer.err


def test_a_damaged_model_is_refused(onnx_folder: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(onnx_folder, tmp_path / "model"))
    content = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(content[: len(content) // 2])
    answer = called("predict", folder, SENTENCE)
    assert answer.code == 2
    assert "model.onnx" in answer.err
    (folder / "manifest.json").unlink()
    answer = called("predict", folder, SENTENCE)
    assert answer.code == 2
    assert "cannot be loaded by ONNX Runtime" in answer.err


def test_without_onnx_runtime_the_command_is_named(
    onnx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    answer = called("predict", onnx_folder, SENTENCE)
    assert answer.code == 2
    assert "pip install 'adaptkit[onnx]'" in answer.err
