"""The program beside ``model.onnx``, run by a Python that has onnxruntime, tokenizers and numpy alone."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from tests.helpers.onnx_models import TASKS, write_encoder

NEEDED = ("numpy", "onnxruntime", "tokenizers")

TEXTS = {
    "nli": ["A man slept ||| A man is awake", "the fox jumps ||| the dog"],
    "similarity": ["A man slept ||| A man is awake", "the fox jumps ||| the dog"],
    "multiple-choice": [
        "What is red ? ||| blood ||| grass",
        "who slept ||| Mr Smith ||| the dog ||| the fox",
    ],
    "qa": ["Who slept? ||| A man slept in the house.", "Who jumps? ||| The lazy fox jumps over the dog."],
}
OTHERS = [
    "Mr Smith slept in Paris",
    "the quick brown fox jumps over the lazy dog of Mr Smith , and who slept ?",
]


def only_needed(folder: Path) -> Path:
    """A folder for Python's path with nothing but the three packages."""
    folder.mkdir()
    for name in NEEDED:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        for part in (package, package.with_name(f"{name}.libs")):
            if part.exists():
                (folder / part.name).symlink_to(part)
    return folder


def program_says(model: Path, packages: Path, texts: list[str]) -> list[Any]:
    """What ``predict.py`` prints in an environment of its own: ``-S`` leaves all other packages out."""
    environment = {**os.environ, "PYTHONPATH": str(packages)}
    absent = subprocess.run(
        [sys.executable, "-S", "-c", "import torch"], env=environment, capture_output=True, check=False
    )
    assert absent.returncode != 0
    answer = subprocess.run(
        [sys.executable, "-S", str(model / "predict.py"), *texts], env=environment, cwd=packages,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def agree(task: str, found: Any, expected: Any, said: Any) -> None:
    """The program's prediction is that of adaptkit."""
    if task == "ner":
        assert [tag for _, tag in found["tags"]] == said["tags"]
    elif task == "token-multi-label":
        assert [sorted(labels) for _, labels in found["labels"]] == [
            sorted(labels) for labels in said["labels"]
        ]
    elif task == "similarity":
        assert found["score"] == pytest.approx(expected["score"], abs=1e-4)
    elif task == "multi-label":
        assert sorted(found["labels"]) == sorted(expected["labels"])
    elif task == "qa":
        assert found["answer"] == expected["answer"]
    else:
        name = "answer" if task == "multiple-choice" else "label"
        assert found[name] == expected[name]


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_the_program_alone_predicts_the_same(task: str, tmp_path: Path) -> None:
    encoder = write_encoder(tmp_path / "encoder", "bert", word_level=False)
    study = adaptkit.tune(
        task, model=str(encoder), strategy="lora", trials=1, epochs=1, confirm=0, study="study",
        studies=tmp_path, device="cpu", precision="fp32", learning_rate=(5e-3, 5e-3),
    )  # fmt: skip
    from adaptkit.run.exporting import winner_of
    from adaptkit.run.onnx import export_onnx

    model = tmp_path / "onnx"
    export_onnx(winner_of(study.folder), model, "fp32", 1.0)
    predictor, texts = adaptkit.load(study.folder.best, device="cpu"), TEXTS.get(task, OTHERS)
    rows = [predictor.row_of(text) for text in texts]
    found = program_says(model, only_needed(tmp_path / "packages"), texts)
    for one, row, said in zip(found, rows, predictor.predictions(rows), strict=True):
        (expected,) = predictor.present([row])
        agree(task, one, expected, said)
