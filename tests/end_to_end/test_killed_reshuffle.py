"""Studies with other dev rows for each trial that are killed or stopped keep each trial's split."""

from __future__ import annotations

import json
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.test_interrupted import Running
from tests.helpers.data import moods, write_csv
from tests.helpers.program import called, finished

TRIALS = 5


@pytest.fixture
def command(tiny_folder: Path, tmp_path: Path) -> list[object]:
    """A study that trains for some seconds, two trials at a time."""
    rows = write_csv(tmp_path / "rows.csv", moods(60, seed=4))
    return [
        "tune", "--task", "text-classification", "--train", rows, "--model", tiny_folder, "--strategy",
        "full", "--pooling", "mean", "--trials", TRIALS, "--epochs", 8, "--lr", 1e-4, 1e-2, "--batch-size", 4,
        "--parallel-trials", 2, "--device", "cpu", "--precision", "fp32", "--no-pruning", "--patience", 0,
        "--confirm", 0, "--reshuffle", "--evals-per-epoch", 1, "--study", "long",
    ]  # fmt: skip


def records(folder: Path) -> list[dict[str, Any]]:
    paths = sorted((folder / "studies" / "long" / "trials").glob("[0-9]*.json"))
    return [json.loads(path.read_text()) for path in paths]


def counted(folder: Path) -> list[dict[str, Any]]:
    return [one for one in records(folder) if not one["reason"].startswith("interrupted")]


def split_of_attempts(folder: Path) -> dict[int, set[int]]:
    """The number of the first attempt → the splits of all attempts."""
    found: dict[int, set[int]] = {}
    for one in records(folder):
        first = one["origin"].removeprefix("retry of trial ")
        found.setdefault(int(first) if first.isdigit() else one["number"], set()).add(one["split"])
    return found


@pytest.mark.slow
def test_a_killed_study_has_the_splits_of_another(command: list[object], tmp_path: Path) -> None:
    draw = random.Random(5)
    for _ in range(5):
        running = Running(command, tmp_path)
        if running.wait_for("training"):
            time.sleep(draw.uniform(0, 1.5))
        running.process.kill()
        running.process.communicate()
    answer = called(*command, "--studies", tmp_path / "studies")
    assert answer.code == 0, answer.err
    assert len(counted(tmp_path)) == TRIALS
    assert sorted(one["split"] for one in counted(tmp_path)) == list(range(TRIALS))
    assert all(len(splits) == 1 for splits in split_of_attempts(tmp_path).values())
    default = next(one for one in counted(tmp_path) if one["split"] == 0)
    alone = tmp_path / "alone"
    assert called(*command, "--studies", alone / "studies").code == 0
    expected = next(one for one in counted(alone) if one["split"] == 0)
    assert default["values"] == expected["values"]


@pytest.mark.slow
def test_ctrl_c_keeps_the_splits(command: list[object], tmp_path: Path) -> None:
    running = Running(command, tmp_path)
    assert running.wait_for("training")
    time.sleep(1)
    running.process.send_signal(signal.SIGINT)
    assert finished(running.process).code == 130
    assert "Traceback" not in running.output()
    assert called(*command, "--studies", tmp_path / "studies").code == 0
    assert sorted(one["split"] for one in counted(tmp_path)) == list(range(TRIALS))
    assert all(len(splits) == 1 for splits in split_of_attempts(tmp_path).values())
