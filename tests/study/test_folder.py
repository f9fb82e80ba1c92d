"""The study's folder: everything that is written can be read back, and other settings are rejected."""

import dataclasses
import json
import math
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from adaptkit.config import SearchConfig, StudyConfig, from_toml
from adaptkit.errors import StudyError
from adaptkit.study.folder import StudyFolder
from adaptkit.study.provenance import Provenance
from adaptkit.study.record import RungRecord, SplitRecord, StudySummary, TrialRecord

CONFIG = StudyConfig(
    task="ner", options={"scheme": "iob2", "kinds": ("a", "b")}, search=SearchConfig(trials=4)
)
PROVENANCE = Provenance(
    versions={"adaptkit": "0.1.0"},
    data_fingerprint="aa11",
    labels=5,
    space={"learning_rate": "1e-05 … 2e-04 (log)", "batch_size": "8, 16"},
    fixed={"epochs": 3, "warmup": 0.1},
    metric="f1",
    direction="maximize",
)
TRIAL = TrialRecord(
    number=3,
    state="complete",
    reason="finished 3 epochs",
    origin="search",
    hyperparameters={"learning_rate": 3.1e-5, "batch_size": 16},
    seed=7,
    rungs=(RungRecord(epoch=0.5, score=0.25, loss=1.5), RungRecord(epoch=1.0, score=0.5, loss=math.inf)),
    best_rung=1,
    values={"f1": 0.5, "pearson": math.nan},
    groups={"\x1b[31m<b>": {"f1": 0.5}},
)


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    folder = StudyFolder(tmp_path / "mine")
    with folder.lock():
        assert folder.create_or_open(CONFIG, PROVENANCE)
    return folder


def test_the_configuration_and_provenance_are_read_back(study: StudyFolder) -> None:
    assert study.read_config() == from_toml(study.toml)
    assert study.read_config().search.trials == 4
    assert study.read_provenance() == PROVENANCE
    assert not study.create_or_open(CONFIG, PROVENANCE)


@pytest.mark.parametrize(
    "changes",
    [
        {"device": "cuda", "fast_paths": False, "parallel_trials": 3, "precision": "bf16"},
        {"search": SearchConfig(trials=40, timeout=60, pruning=False)},
        {"lora_rank": 16},  # not used by a full study
    ],
)
def test_settings_that_change_no_result_may_differ(study: StudyFolder, changes: dict[str, Any]) -> None:
    study.refuse_if_changed(dataclasses.replace(CONFIG, **changes), PROVENANCE)
    other_versions = dataclasses.replace(PROVENANCE, versions={"adaptkit": "9"})
    study.refuse_if_changed(CONFIG, other_versions)


def test_every_difference_is_listed_with_old_and_new_value(study: StudyFolder) -> None:
    config = dataclasses.replace(
        CONFIG, task="nli", model="other", strategy="lora", seed=1, max_length=64, options={"scheme": "bilou"}
    )
    provenance = dataclasses.replace(
        PROVENANCE,
        data_fingerprint="bb22",
        labels=6,
        space={"learning_rate": "1e-05 … 3e-04 (log)"},
        fixed={"epochs": 4, "warmup": 0.1},
        metric="accuracy",
        direction="minimize",
    )
    with pytest.raises(StudyError) as error:
        study.refuse_if_changed(config, provenance)
    for difference in (
        "task: ner → nli",
        "→ other",
        "strategy: full → lora",
        "lora rank: not set → 8",
        "seed: 0 → 1",
        "max length: not set → 64",
        "option scheme: iob2 → bilou",
        "option kinds: ['a', 'b'] → not set",
        "(fingerprint aa11 → bb22)",
        "labels: 5 → 6",
        "learning rate: 1e-5 … 0.0002 (log) → 1e-5 … 0.0003 (log)",
        "batch size: 8, 16 → not set",
        "epochs: 3 → 4",
        "metric: f1 → accuracy",
        "direction: maximize → minimize",
    ):
        assert difference in error.value.problem
    assert "--study" in error.value.next_step
    assert "warmup" not in error.value.problem


@pytest.mark.parametrize("text", ["", "task = ", "task = 'ner'", "\0"])
def test_a_damaged_study_file_is_reported(study: StudyFolder, text: str) -> None:
    study.toml.write_text(text)
    with pytest.raises(StudyError, match=r"study\.toml") as error:
        study.refuse_if_changed(CONFIG, PROVENANCE)
    assert error.value.code == "study-unreadable"


def test_trials_are_read_by_number_and_null_becomes_nan(study: StudyFolder) -> None:
    for number in (10_000, 3, 11):
        study.write_trial(dataclasses.replace(TRIAL, number=number))
    read = study.read_trials()
    assert [trial.number for trial in read] == [3, 11, 10_000]
    assert read[0].score == 0.5
    assert math.isnan(read[0].rungs[1].loss)
    assert math.isnan(read[0].values["pearson"])
    finite = {"values": {}, "rungs": TRIAL.rungs[:1], "best_rung": 0}
    assert dataclasses.replace(read[0], **finite) == dataclasses.replace(TRIAL, **finite)


def test_damaged_and_foreign_records_are_reported(study: StudyFolder) -> None:
    study.write_trial(TRIAL)
    good = (study.path / "trials" / "0003.json").read_text()
    values = json.loads(good)
    foreign = {
        "0004.json": good[: len(good) // 2],
        "0005.json": good,
        "0006.json": "",
        "0007.json": "[1]",
        "0008.json": json.dumps({**values, "number": 8, "state": "won"}),
        "0009.json": json.dumps({**values, "number": 9, "best_rung": 2}),
        "0010.json": json.dumps({**values, "number": 10, "hyperparameters": {"learning_rate": "fast"}}),
        "0011.json": json.dumps({**values, "number": 11, "surprise": 1}),
        "0012.json": "[" * 100_000,
        "notes.json": "{}",
    }
    for name, text in foreign.items():
        (study.path / "trials" / name).write_text(text)
    (study.path / "trials" / "0013.json").write_bytes(b"\xff\xfe")
    assert [trial.number for trial in study.read_trials()] == [3]
    problems = study.unreadable_trials()
    assert len(problems) == len(foreign) + 1
    assert all(any(name in problem for problem in problems) for name in foreign)


def summary_of(**changes: Any) -> StudySummary:
    split = SplitRecord(source="a.conll", rows=10)
    known = {"data": {"train": split}, "labels": ["O"], "space": {}, "test": {"f1": 0.5}, "trials": 4}
    numbers = dict.fromkeys(
        ("trained_parameters", "total_parameters", "parallel_trials", "trials_per_pass", "micro_batch"), 1
    )
    words = dict.fromkeys(
        ("name", "task", "strategy", "model", "metric", "groups_title", "device", "precision"), "a"
    )
    values = {**known, **numbers, **words, "direction": "maximize", "state": "running", "warnings": ["a"]}
    return StudySummary(**{**values, **changes})


def test_the_summary_is_read_back(study: StudyFolder) -> None:
    assert study.read_summary() is None
    summary = summary_of()
    study.write_summary(summary)
    assert study.read_summary() == summary
    (study.path / "summary.json").write_text('{"name": ')
    with pytest.raises(StudyError, match=r"summary\.json") as error:
        study.read_summary()
    assert error.value.code == "study-unreadable"


def test_weights_are_kept_checked_and_dropped(study: StudyFolder) -> None:
    for number in range(4):
        study.keep_weights(
            number, lambda path, number=number: path.write_bytes(bytes([number]) * 100) and None
        )
    study.drop_weights_except([1, 3])
    assert study.weights(0) is None
    kept = study.weights(3)
    assert kept is not None
    assert kept.read_bytes() == b"\3" * 100
    kept.write_bytes(b"\3" * 99 + b"\2")
    with pytest.raises(StudyError, match=r"0003\.safetensors"):
        study.weights(3)
    assert study.weights(1) is not None
    assert sorted(os.listdir(study.path / "trials")) == [
        "0001.safetensors",
        "0003.safetensors",
        "manifest.json",
    ]
    assert study.read_trials() == []
    assert study.unreadable_trials() == []


def test_a_full_disk_loses_nothing(tiny_disk: Path) -> None:
    study = StudyFolder(tiny_disk / "mine")
    with study.lock():
        study.create_or_open(CONFIG, PROVENANCE)
        study.write_trial(TRIAL)
        study.keep_weights(3, lambda path: path.write_bytes(bytes(100_000)) and None)
        with pytest.raises(StudyError, match=r"0004\.safetensors cannot be written: No space left"):
            study.keep_weights(4, lambda path: path.write_bytes(bytes(2_000_000)) and None)
        with suppress(OSError), (tiny_disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        for write in (
            lambda: study.write_trial(dataclasses.replace(TRIAL, number=4)),
            lambda: study.keep_weights(3, lambda path: path.write_bytes(bytes(100_000)) and None),
        ):
            with pytest.raises(StudyError, match="No space left"):
                write()
        assert study.read_trials()[0].reason == TRIAL.reason
        assert study.weights(3) is not None
        (tiny_disk / "filler").unlink()
        study.write_trial(dataclasses.replace(TRIAL, number=4))
    assert [trial.number for trial in study.read_trials()] == [3, 4]


def test_the_best_trial_is_the_best_of_the_records(study: StudyFolder) -> None:
    """A run writes its best trial into the summary when it ends; a killed run does not."""
    study.write_trial(dataclasses.replace(TRIAL, number=0))
    study.write_trial(TRIAL)
    better = dataclasses.replace(
        TRIAL, number=5, rungs=(RungRecord(epoch=1.0, score=0.75, loss=1.0),), best_rung=0
    )
    study.write_trial(better)
    study.write_summary(summary_of(best=0, model_folder="elsewhere/best"))
    stands = study.summary_as_it_stands()
    assert stands is not None
    assert (stands.state, stands.best, stands.model_folder, stands.test) == ("interrupted", 5, None, {})
    study.write_summary(summary_of(best=5, state="finished", model_folder="elsewhere/best"))
    stands = study.summary_as_it_stands()
    assert stands is not None
    assert (stands.best, stands.model_folder, stands.test) == (5, str(study.best), {"f1": 0.5})
