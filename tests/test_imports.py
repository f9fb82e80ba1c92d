"""What is not loaded by a quick command, before a mistake is refused, and by the engine."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import environment

PLUGINS = Path(__file__).parents[1] / "plugins"

SECONDS_FOR_HELP = 0.3


def loaded_by(*arguments: str, status: int = 0) -> set[str]:
    """The modules that ``adaptkit ARGUMENTS`` imports, which ends with this exit status."""
    answer = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "adaptkit", *arguments],
        capture_output=True, text=True, check=False, timeout=300, env=environment(),
    )  # fmt: skip
    assert answer.returncode == status, answer.stderr[-2000:]
    lines = [line for line in answer.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


@pytest.mark.parametrize(
    "arguments", [("--help",), ("tasks",), ("cache",), ("tune", "--help"), ("predict", "--help")]
)
def test_quick_commands_load_nothing_heavy(arguments: tuple[str, ...]) -> None:
    loaded = loaded_by(*arguments)
    assert "adaptkit.cli" in loaded
    plugins = {path.name for path in PLUGINS.glob("*/src/*") if path.is_dir()}
    heavy = {"torch", "transformers", "optuna", "datasets", "peft", "pandas", "sklearn", *plugins}
    assert not {name.split(".")[0] for name in loaded} & heavy


def test_a_report_loads_no_torch(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("text-classification", "frozen")
    loaded = loaded_by("report", str(study.folder.path))
    assert "adaptkit.report.terminal" in loaded
    assert not loaded & {"torch", "transformers", "optuna", "datasets", "peft"}


def test_wrong_data_are_refused_before_torch_loads(tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text("text,category\na text,a\nanother,b\n", encoding="utf-8")
    loaded = loaded_by("tune", "--task", "text-classification", "--train", str(rows), status=2)
    assert "adaptkit.data.load" in loaded
    assert not loaded & {"torch", "optuna", "datasets", "peft"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("tune",),
        ("tune", "--task", "nope"),
        ("tune", "--task", "text-classification", "--trials", "0"),
        ("tune", "--task", "text-classification", "--train", "nope.csv"),
        ("export", "nope", "--to", "x"),
        ("predict", "nope", "a text"),
        ("push", "nope", "owner/name"),
        ("serve", "nope"),
    ],
)
def test_mistakes_are_refused_before_torch_loads(arguments: tuple[str, ...]) -> None:
    assert not loaded_by(*arguments, status=2) & {"torch", "transformers", "optuna", "datasets", "peft"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("predict", "--file", "nope.csv"),
        ("evaluate", "--data", "nope.csv"),
        ("evaluate", "--data", "nope.conll"),
        ("errors", "--data", "nope.csv"),
    ],
)
def test_a_missing_file_is_refused_before_a_model_loads(
    arguments: tuple[str, ...], tuned: Callable[[str, str], Any]
) -> None:
    command, *options = arguments
    study = str(tuned("text-classification", "frozen").folder.path)
    loaded = loaded_by(command, study, *options, status=2)
    assert not loaded & {"torch", "transformers", "optuna", "datasets", "peft"}


WITHOUT_DATASETS = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("datasets", "optuna"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import adaptkit.engine.capacity, adaptkit.engine.prepare, adaptkit.engine.train, adaptkit.strategies
print(sorted({"datasets", "optuna"} & set(sys.modules)))
"""


def test_the_engine_needs_no_datasets_no_optuna() -> None:
    answer = subprocess.run(
        [sys.executable, "-c", WITHOUT_DATASETS], capture_output=True, text=True, check=False, timeout=300,
        env=environment(),
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.strip() == "[]"


def processor_seconds_of_children() -> float:
    """What a busy machine does not lengthen, as it does the time on the clock."""
    times = os.times()
    return times.children_user + times.children_system


def test_help_is_there_at_once() -> None:
    seconds = []
    for _ in range(5):
        begun = processor_seconds_of_children()
        subprocess.run(
            [sys.executable, "-m", "adaptkit", "--help"], check=True, capture_output=True, env=environment()
        )
        seconds.append(processor_seconds_of_children() - begun)
    assert statistics.median(seconds) < SECONDS_FOR_HELP
