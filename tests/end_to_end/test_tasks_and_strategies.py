"""Tasks beyond texts with labels, with each strategy: tuned, evaluated, predicted, exported, as users do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.tasks import registry
from adaptkit.testing import wordpiece_tokenizer
from adaptkit.testing.tiny import write_bert
from tests.helpers.program import called

TEXTS = {
    "relation": "<e1>Ada Berg</e1> lives in <e2>Torvik</e2>.",
    "token-multi-label": "Professor Ada Berg of the University of Torvik spoke.",
}


def sample_of(task: str, folder: Path) -> Path:
    """The first rows of the task's sample, as JSON Lines, and an encoder that knows their words."""
    found = load(registry.load(task), DataConfig(), seed=0)
    for split, rows in (("train", found.train), ("dev", found.dev), ("test", found.test)):
        assert rows is not None
        lines = [json.dumps(row) for row in rows.values[:30]]
        (folder / f"{split}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    texts = (folder / "train.jsonl").read_text(encoding="utf-8").splitlines()
    return write_bert(folder / "encoder", wordpiece_tokenizer(texts), positions=96, inner=64)


@pytest.mark.parametrize("strategy", ["frozen", "lora", "full", "bitfit"])
@pytest.mark.parametrize("task", TEXTS)
def test_from_tuning_to_the_exported_model(task: str, strategy: str, tmp_path: Path) -> None:
    encoder = sample_of(task, tmp_path)
    studies = ("--studies", tmp_path / "studies")
    answer = called(
        "tune", "--task", task, "--train", tmp_path / "train.jsonl", "--dev", tmp_path / "dev.jsonl",
        "--test", tmp_path / "test.jsonl", "--model", encoder, "--strategy", strategy, "--trials", 2,
        "--epochs", 1, "--confirm", 0, "--device", "cpu", "--study", "s", "--json", *studies,
    )  # fmt: skip
    assert answer.code == 0, answer.err
    study = json.loads(answer.out)["study"]
    scored = json.loads(called("evaluate", "s", "--data", tmp_path / "test.jsonl", "--json", *studies).out)
    assert scored["values"] == pytest.approx(study["test"])
    predicted = json.loads(called("predict", "s", TEXTS[task], "--json", *studies).out)
    by_python = adaptkit.load("s", studies=tmp_path / "studies").predict(TEXTS[task])
    assert predicted == {"row": 1, **by_python}
    answer = called("export", "s", "--to", tmp_path / "model", *studies)
    assert answer.code == 0, answer.err
    assert json.loads(called("predict", tmp_path / "model", TEXTS[task], "--json").out) == predicted


@pytest.mark.slow
@pytest.mark.parametrize("task", TEXTS)
def test_onnx_predicts_the_same(task: str, tmp_path: Path) -> None:
    encoder = sample_of(task, tmp_path)
    study = adaptkit.tune(
        task, train=tmp_path / "train.jsonl", dev=tmp_path / "dev.jsonl", model=encoder, strategy="frozen",
        trials=1, confirm=0, studies=tmp_path, study="s", device="cpu", precision="fp32", progress=False,
    )  # fmt: skip
    answer = called("export", "s", "--to", tmp_path / "onnx", "--onnx", "--studies", tmp_path)
    assert answer.code == 0, answer.err
    (expected,) = study.load().predict([TEXTS[task]])
    (found,) = adaptkit.load(tmp_path / "onnx").predict([TEXTS[task]])
    assert rounded(found) == rounded(expected)


def rounded(value: Any) -> Any:
    """The value, its numbers to three decimals."""
    return json.loads(json.dumps(value), parse_float=lambda number: round(float(number), 3))
