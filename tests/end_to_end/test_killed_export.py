"""A killed export leaves the old model folder or the new one, complete."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.export.loading import read_description
from adaptkit.system.files import current_folder
from tests.helpers.program import environment

EXPORTS = """
import sys
from pathlib import Path

from adaptkit.tasks import registry
from adaptkit.study.folder import StudyFolder
from adaptkit.run.finalize import export_trial

folder = StudyFolder(Path(sys.argv[1]))
config, summary, trials = folder.read_config(), folder.read_summary(), folder.read_trials()
task = registry.load(config.task, config.options)
while True:
    for trial in trials:
        export_trial(folder, config, task, summary.labels, summary, trial, folder.best)
        print(trial.number, flush=True)
"""


def export_and_kill(study: Path, *, kills: int, seed: int) -> None:
    """Exports trials 0 and 1 in turn until it is killed: the folder is always one of the two."""
    from safetensors.torch import load_file

    draw = random.Random(seed)
    for _ in range(kills):
        process = subprocess.Popen(
            [sys.executable, "-c", EXPORTS, str(study)], stdout=subprocess.PIPE, env=environment()
        )
        assert process.stdout is not None
        for _ in range(2):  # each has been exported once
            assert process.stdout.readline()
        time.sleep(draw.uniform(0, 0.6))
        process.kill()
        process.communicate()
        folder = current_folder(study / "best")
        read_description(folder)  # verifies every file against the manifest
        card = (folder / "README.md").read_text(encoding="utf-8")
        (number,) = [n for n in (0, 1) if f"trial {n} of" in card]
        parameters = load_file(study / "trials" / f"{number:04d}.safetensors")["row"]
        bias = load_file(folder / "model.safetensors")["classifier.bias"]
        # the weights are those of the trial in the card
        places = range(len(parameters) - len(bias) + 1)
        assert any((parameters[at : at + len(bias)] == bias).all() for at in places)


@pytest.fixture
def copied(tuned: Callable[[str, str], Any], tmp_path: Path) -> Path:
    study = tuned("ner", "full")
    return Path(shutil.copytree(study.folder.path, tmp_path / "copied"))


def test_a_killed_export_leaves_the_old_or_the_new(copied: Path) -> None:
    export_and_kill(copied, kills=2, seed=3)


@pytest.mark.slow
def test_an_export_killed_often_leaves_the_old_or_the_new(copied: Path) -> None:
    export_and_kill(copied, kills=12, seed=4)
