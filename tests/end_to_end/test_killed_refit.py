"""The winner's training on all rows, killed or stopped, is done again as a whole, and ends the same."""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from tests.end_to_end.test_interrupted import Running
from tests.helpers.program import called, finished

SAID = "training the winner again"


@pytest.fixture(scope="module")
def command(tiny_folder: Path, data_folder: Path) -> list[object]:
    return [
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification", "--model",
        tiny_folder, "--strategy", "full", "--trials", 2, "--epochs", 60, "--lr", 1e-4, 1e-2, "--batch-size",
        4, "--device", "cpu", "--precision", "fp32", "--no-pruning", "--patience", 0, "--evals-per-epoch", 1,
        "--confirm", 0, "--study", "long",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def search(command: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study whose search has ended. Its winner is trained to its last epochs."""
    studies = tmp_path_factory.mktemp("search")
    answer = called(*command, "--studies", studies)
    assert answer.code == 0, answer.err
    for path in (studies / "long" / "trials").glob("[0-9]*.json"):
        record = json.loads(path.read_text())
        for rung in record["rungs"]:
            rung["score"] = rung["epoch"] / 60
        record["best_rung"] = len(record["rungs"]) - 1
        path.write_text(json.dumps(record))
    return studies / "long"


@pytest.fixture
def searched(search: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(search, tmp_path / "studies" / "long"))


def summary(study: Path) -> dict[str, Any]:
    return dict(json.loads((study / "summary.json").read_text()))


def weights(study: Path) -> Any:
    (path,) = (study / "refit").glob("*.safetensors")
    return load_file(path)["row"]


def refitted(command: Sequence[object], folder: Path) -> None:
    answer = called(*command, "--refit", "--studies", folder / "studies")
    assert answer.code == 0, answer.err


@pytest.mark.slow
def test_a_refit_killed_five_times(command: list[object], searched: Path, tmp_path: Path) -> None:
    other = tmp_path / "uninterrupted"
    shutil.copytree(searched, other / "studies" / "long")
    refitted(command, other)
    draw, refitting = random.Random(4), 0
    for _ in range(5):
        running = Running([*command, "--refit"], tmp_path)
        if running.wait_for(SAID):
            time.sleep(draw.uniform(0, 0.5))
        refitting += running.process.poll() is None
        running.process.kill()
        running.process.communicate()
    assert refitting >= 3
    refitted(command, tmp_path)
    assert (weights(searched) - weights(other / "studies" / "long")).abs().max() < 1e-5
    its, expected = (summary(one) for one in (searched, other / "studies" / "long"))
    assert its["trained_again"] | {"seconds": 0} == expected["trained_again"] | {"seconds": 0}
    assert its["best"] == its["trained_again"]["trial"]
    assert its["test"] == expected["test"]


@pytest.mark.slow
def test_a_refit_stopped_by_ctrl_c(command: list[object], searched: Path, tmp_path: Path) -> None:
    running = Running([*command, "--refit"], tmp_path)
    assert running.wait_for(SAID)
    running.process.send_signal(signal.SIGINT)
    answer = finished(running.process)
    assert answer.code == 130, running.output()
    assert "Traceback" not in running.output()
    assert summary(searched)["state"] == "interrupted"
    assert summary(searched)["trained_again"] is None
    refitted(command, tmp_path)
    assert summary(searched)["trained_again"]["state"] == "complete"


def test_a_timeout_during_a_refit(command: list[object], searched: Path, tmp_path: Path) -> None:
    answer = called(*command, "--refit", "--timeout", "0.05s", "--studies", tmp_path / "studies")
    assert answer.code == 0, answer.err
    its = summary(searched)
    assert (its["state"], its["best"], its["trained_again"]) == ("finished", 0, None)
    warning = "the timeout was reached; the same command will train the winner again"
    assert any(warning in one for one in its["warnings"])
    assert warning in " ".join(answer.err.split())
    refitted(command, tmp_path)
    assert summary(searched)["trained_again"]["state"] == "complete"
    assert not any("the timeout was reached" in one for one in summary(searched)["warnings"])
