"""The code of the page on plugins is that of plugins that tests run; the shortest one is run here."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adaptkit.tasks.registry import load
from adaptkit.testing import check
from tests.helpers.data import moods, write_csv
from tests.helpers.installed import install
from tests.helpers.program import called

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "plugins.md").read_text(encoding="utf-8")
SOURCES = [
    *sorted(ROOT.glob("examples/*/*.py")),
    *sorted(ROOT.glob("plugins/adaptkit-bitfit/src/*/*.py")),
    *sorted(ROOT.glob("plugins/adaptkit-relation/src/*/*.py")),
]
NAMED = re.compile(r"^`(adaptkit-tone)/([\w.]+)`[^\n]*\n\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def test_the_code_is_that_of_plugins_that_are_tested() -> None:
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    programs = re.findall(r"^```python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    run_elsewhere = ("def tone(", "def thresholds(", "def hide_words(")
    others = [one for one in programs if not any(name in one for name in run_elsewhere)]
    assert len(others) >= 6
    for program in others:
        assert any(program.strip("\n") in text for text in texts), program


@pytest.fixture
def tone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder with the plugin of the page, which is installed."""
    project = tmp_path / "adaptkit-tone"
    project.mkdir()
    files = {name: text for _, name, text in NAMED.findall(PAGE)}
    assert set(files) == {"adaptkit_tone.py", "pyproject.toml"}
    for name, text in files.items():
        (project / name).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(install(tmp_path / "site", project))
    return project


def test_eight_lines_are_a_task(tone: Path, tiny_folder: Path, tmp_path: Path) -> None:
    lines = (tone / "adaptkit_tone.py").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line]) == 8
    write_csv(tmp_path / "messages.csv", moods(36, seed=1))
    answer = called("tasks", "--check", "tone", "--data", tmp_path / "messages.csv")
    assert " 0 failed" in answer.out, answer.out + answer.err
    answer = called(
        "tune", "--task", "tone", "--data", tmp_path / "messages.csv", "--model", tiny_folder, "--trials", 1,
        "--epochs", 1, "--confirm", 0, "--device", "cpu", "--study", "tone",
        "--studies", tmp_path / "studies",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    answer = called("predict", tmp_path / "studies" / "tone", "the old boats bleak today", "--json")
    assert json.loads(answer.out)["prediction"]["label"] in {"glad", "sad", "calm"}


def test_a_task_that_changes_its_batches_conforms(tone: Path) -> None:
    (program,) = re.findall(r"^```python\n(def hide_words.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    named: dict[str, Any] = {}
    exec(program, named)
    task = replace(load("tone"), augment=named["hide_words"])
    rows = [{"text": text, "label": label} for text, label in moods(36, seed=1)]
    found = {one.check: one for one in check(task, rows)}
    assert {name for name, one in found.items() if one.state == "failed"} == set()
    assert found["augment"].state == "passed"
