"""A study whose records, summary, lock or folder are damaged, removed, hostile, or of a newer version."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tomllib
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import best_trial
from tests.helpers.program import Answer, called

TRIALS = 3
NASTY = "\x1b[31m\x1b]0;owned\x07\u202e\u2066\x9b2J<script>[/b]|`\r\n"


@pytest.fixture
def study(tuned: Callable[[str, str], Any], tmp_path: Path) -> Path:
    """A copy of a finished study of two trials."""
    original = tuned("ner", "full").folder.path
    return Path(shutil.copytree(original, tmp_path / "studies" / original.name))


@pytest.fixture
def command(study: Path, tiny_folder: Path, data_folder: Path) -> list[object]:
    """The command line of the copied study."""
    return [
        "tune", "--task", "ner", "--data", data_folder / "ner", "--model", tiny_folder, "--strategy", "full",
        "--trials", "2", "--epochs", "3", "--lr", "2e-3", "2e-2", "--batch-size", "4", "--device", "cpu",
        "--option", "decoding=argmax", "--precision", "fp32", "--study", study.name,
        "--studies", study.parent,
    ]  # fmt: skip


def best_of(study: Path) -> int:
    best = best_trial(StudyFolder(study).read_trials(), "maximize")
    assert best is not None
    return best.number


def counted_in_optuna(study: Path) -> int:
    with closing(sqlite3.connect(study / "study.db")) as connection:
        states = "SELECT count(*) FROM trials WHERE state IN ('COMPLETE', 'PRUNED')"
        (count,) = connection.execute(states).fetchone()
    return int(count)


def refused(answer: Answer, *words: str) -> None:
    assert answer.code == 2, answer
    assert "Traceback" not in answer.err
    assert "unexpected" not in answer.err
    for word in words:
        assert word in answer.err


DAMAGE: Mapping[str, Callable[[Path], object]] = {
    "deleted": lambda path: path.unlink(),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:200]),
    "empty": lambda path: path.write_bytes(b""),
    "zeros": lambda path: path.write_bytes(bytes(4096)),
    "nested": lambda path: path.write_text("[" * 100_000),
    "wrong type": lambda path: path.write_text(path.read_text().replace('"seed": ', '"seed": "x", "s": ')),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_best_record_is_rebuilt(damage: str, study: Path, command: list[object]) -> None:
    number = best_of(study)
    path = study / "trials" / f"{number:04d}.json"
    before, weights = path.read_bytes(), sorted(study.glob("trials/*.safetensors"))
    DAMAGE[damage](path)
    refused(called("export", study, "--to", study.parent / "out"), "the record of trial", "adaptkit tune")
    answer = called(*command)
    assert answer.code == 0, answer.err
    assert f"the record of trial {number} was missing or could not be read; it was rebuilt" in answer.err
    assert json.loads(path.read_bytes()) == json.loads(before)
    assert len(StudyFolder(study).read_trials()) == counted_in_optuna(study) == 2
    assert sorted(study.glob("trials/*.safetensors")) == weights
    if damage != "deleted":
        assert f"it is kept as {path}.broken-1" in answer.err
    assert called(*command).err.count("!") <= 1, "it is said once"


def test_a_record_that_optuna_does_not_hold_either(study: Path, command: list[object]) -> None:
    """As in studies of version 0.1.0: the trial is trained again, and its weights stay."""
    number = best_of(study)
    with closing(sqlite3.connect(study / "study.db")) as connection, connection:
        connection.execute("DELETE FROM trial_user_attributes WHERE key = 'record'")
    (study / "trials" / f"{number:04d}.json").unlink()
    weights = (study / "trials" / f"{number:04d}.safetensors").read_bytes()
    answer = called(*command)
    assert answer.code == 0, answer.err
    assert f"the record of trial {number} was missing or could not be read; its trial is" in answer.err
    records = StudyFolder(study).read_trials()
    assert [record.state for record in records if not record.interrupted] == ["complete"] * 2
    assert [record.origin for record in records if record.number == 2] == [f"retry of trial {number}"]
    assert (study / "trials" / f"{number:04d}.safetensors").read_bytes() == weights
    assert list(study.glob("study.db.broken-*")), "the old database is kept"


def test_records_and_database_lost_together(study: Path, command: list[object]) -> None:
    """Nothing is known of the trial any more. The total is exact, and its weights are not deleted."""
    number = best_of(study)
    path = study / "trials" / f"{number:04d}.json"
    path.write_text("{")
    (study / "study.db").unlink()
    answer = called(*command)
    assert answer.code == 0, answer.err
    assert "study.db was damaged" in answer.err
    assert len([one for one in StudyFolder(study).read_trials() if not one.interrupted]) == 2
    assert Path(f"{path}.broken-1").read_text() == "{"
    assert path.with_suffix(".safetensors").exists()


SUMMARIES = {
    "cut off": lambda text: text[: len(text) // 2],
    "nested": lambda text: "[" * 100_000,
    "a list": lambda text: "[1]",
    "labels": lambda text: re.sub(r'"labels": \[[^]]*\]', '"labels": 5', text),
    "seconds": lambda text: text.replace('"peak_memory_bytes": ', '"peak_memory_bytes": "much", "x": '),
    "state": lambda text: text.replace('"finished"', '"won"'),
}


@pytest.mark.parametrize("damage", SUMMARIES)
def test_a_damaged_summary_is_rebuilt(damage: str, study: Path, command: list[object]) -> None:
    path = study / "summary.json"
    before = json.loads(path.read_text())
    path.write_text(SUMMARIES[damage](path.read_text()))
    for arguments in (["report", study], ["export", study, "--to", study.parent / "out"]):
        refused(called(*arguments), f"{path} cannot be read")
    listed = called("studies", "--studies", study.parent)
    assert (listed.code, "unreadable" in listed.out) == (0, True)
    answer = called(*command)
    assert answer.code == 0, answer.err
    assert f"it is kept as {path}.broken-1" in answer.err
    after = json.loads(path.read_text())
    for name in ("best", "labels", "test", "state"):
        assert after[name] == before[name]


MODELS = {
    "cut off": lambda text: text[:50],
    "nested": lambda text: "[" * 100_000,
    "a number": lambda text: "5",
    "labels": lambda text: json.dumps({**json.loads(text), "labels": 5}),
    "labels of numbers": lambda text: json.dumps({**json.loads(text), "labels": [1, 2]}),
    "length": lambda text: json.dumps({**json.loads(text), "max_length": "long"}),
    "head": lambda text: json.dumps({**json.loads(text), "head_class": "pipeline"}),
    "calibration": lambda text: json.dumps({**json.loads(text), "calibration": {"threshold": "high"}}),
    "versions": lambda text: json.dumps({**json.loads(text), "versions": None}),
}


@pytest.mark.parametrize("damage", MODELS)
def test_a_damaged_description_is_named(damage: str, study: Path, command: list[object]) -> None:
    best = study / "best"
    (best / "adaptkit.json").write_text(MODELS[damage]((best / "adaptkit.json").read_text()))
    manifest = (best / "manifest.json").read_bytes()
    (best / "manifest.json").unlink()
    refused(called("predict", study, "today"), f"{best} is not a model folder", "'adaptkit tune'")
    (best / "manifest.json").write_bytes(manifest)
    if damage == "cut off":
        answer = called(*command)
        assert "exporting the winner" in answer.err, "it is written again"
        assert called("predict", study, "today").code == 0


def newer(study: Path, *files: str) -> None:
    """Makes the study one of adaptkit 99.2, with a field that this version does not know."""
    if "study.toml" in files:
        document = tomllib.loads((study / "study.toml").read_text())
        document["provenance"]["versions"]["adaptkit"] = "99.2.1"
        document["search"]["sampler"] = "new"
        (study / "study.toml").write_text(tomli_w.dumps(document))
    for path in [study / name for name in files if name.endswith(".json")]:
        values = json.loads(path.read_text())
        if "versions" in values:
            values["versions"]["adaptkit"] = "99.2.1"
        path.write_text(json.dumps({**values, "surprise": [1]}))


@pytest.mark.parametrize("files", [["study.toml"], ["summary.json"], ["summary.json", "trials/0001.json"]])
def test_a_study_of_a_newer_version(files: list[str], study: Path, command: list[object]) -> None:
    newer(study, *files)
    before = {path: path.read_bytes() for path in study.rglob("*") if path.is_file() and path.name != "lock"}
    answer = called(*command)
    refused(answer, "written by adaptkit 99.2.1, and this is adaptkit", "pip install 'adaptkit>=99.2.1'")
    now = {path: path.read_bytes() for path in study.rglob("*") if path.is_file() and path.name != "lock"}
    assert now == before


def test_a_newer_version_that_can_be_read(study: Path, command: list[object]) -> None:
    path = study / "summary.json"
    values = json.loads(path.read_text())
    values["versions"]["adaptkit"] = "99.2.1"
    path.write_text(json.dumps(values))
    answer = called(*command, "--trials", TRIALS)
    assert answer.code == 0, answer.err
    assert "this study was written by adaptkit 99.2.1, and this is adaptkit" in answer.err
    assert any("adaptkit 99.2.1 → " in warning for warning in json.loads(path.read_text())["warnings"])


def test_a_model_of_a_newer_version(study: Path) -> None:
    newer(study, "best/adaptkit.json")
    refused(called("predict", study / "best", "today"), "99.2.1", "pip install 'adaptkit>=99.2.1'")


def test_export_touches_nothing_beside_its_folder(study: Path, tmp_path: Path) -> None:
    beside = [tmp_path / name for name in (".model.old", ".model.new", ".model.partial")]
    for folder in beside:
        folder.mkdir()
        (folder / "thesis.txt").write_text("my only copy")
    (tmp_path / ".report.html.partial").write_text("mine")
    assert called("export", study, "--to", tmp_path / "model").code == 0
    assert called("report", study, "--html", tmp_path / "report.html").code == 0
    assert called("predict", tmp_path / "model", "today").code == 0
    assert [(folder / "thesis.txt").read_text() for folder in beside] == ["my only copy"] * 3
    assert (tmp_path / ".report.html.partial").read_text() == "mine"
    names = sorted(path.name for path in tmp_path.iterdir() if path not in beside)
    assert names == [".report.html.partial", "model", "report.html", "studies"]
