"""Studies whose heads are solved: folds, refit, resuming, a timeout, and models that others load."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import adaptkit
from adaptkit.engine.solver import SOLVED_BEFORE
from adaptkit.errors import StudyError
from adaptkit.study.confirmation import ConfirmationFolder
from tests.helpers.data import moods, write_csv
from tests.helpers.program import called, environment

TEXT = "the river has seen bright boats"


def tune(folder: Path, model: Path, **changes: Any) -> Any:
    settings: dict[str, Any] = {
        "train": str(write_csv(folder / "train.csv", moods(60, seed=1))),
        "model": str(model), "strategy": "frozen", "trials": 4, "studies": folder / "studies",
        "study": "solved", "device": "cpu", "precision": "fp32",
        **changes,
    }  # fmt: skip
    return adaptkit.tune("text-classification", **settings)


def test_folds_score_small_data(tiny_folder: Path, tmp_path: Path) -> None:
    study = tune(tmp_path, tiny_folder)
    assert (study.summary.folds, study.summary.pooling, study.summary.trained_again) == (5, "mean", None)
    assert study.summary.data["train"].rows == 60
    assert "dev" not in study.summary.data
    assert [trial.hyperparameters.keys() for trial in study.trials] == [{"l2"}] * 4
    (found,) = adaptkit.load(study.model_folder).predict([TEXT])
    assert found["label"] in ("glad", "sad", "calm")
    report = called("report", "solved", "--studies", str(tmp_path / "studies"))
    assert report.code == 0, report.err
    assert "5-fold" in report.out


def test_a_model_that_normalizes_gets_such_a_head(tiny_folder: Path, tmp_path: Path) -> None:
    model = shutil.copytree(tiny_folder, tmp_path / "model")
    (model / "1_Pooling").mkdir()
    (model / "1_Pooling" / "config.json").write_text('{"pooling_mode": "cls"}', encoding="utf-8")
    (model / "modules.json").write_text('[{"type": "models.Normalize"}]', encoding="utf-8")
    study = tune(tmp_path, model, trials=1)
    assert study.summary.pooling == "normalized-first"
    steps = tune(tmp_path, model, trials=1, strategy="full", epochs=1, study="steps")
    assert steps.summary.pooling == "first"


def test_the_best_head_is_solved_again_on_all_rows(tiny_folder: Path, tmp_path: Path) -> None:
    study = tune(tmp_path, tiny_folder, folds=0)
    best = study.best
    assert best is not None
    its = study.summary.trained_again
    assert (its.trial, its.epochs, its.score) == (best.number, 0, best.score)
    assert study.summary.data["dev"].rows > 0


def test_without_the_option_a_solved_refit_is_forgotten(tiny_folder: Path, tmp_path: Path) -> None:
    tune(tmp_path, tiny_folder, folds=0)
    back = tune(tmp_path, tiny_folder, folds=0, refit=False)
    never = tune(tmp_path, tiny_folder, folds=0, refit=False, study="never")
    assert back.summary.trained_again is None
    assert "solved again" not in (back.folder.best / "README.md").read_text()
    one, other = (study.load().predict([TEXT])[0]["probabilities"] for study in (back, never))
    assert one == other
    again = tune(tmp_path, tiny_folder, folds=0)
    assert again.summary.trained_again.trial == back.best.number
    assert again.load().predict([TEXT])[0]["probabilities"] != one


def test_a_head_whose_weights_are_damaged_is_solved_again(tiny_folder: Path, tmp_path: Path) -> None:
    study = tune(tmp_path, tiny_folder, folds=0, confirm=0)
    path = study.folder.weights(study.best.number)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    its = tune(tmp_path, tiny_folder, folds=0).summary.confirmation
    assert its.winner in its.trials
    runs = {run.trial: run.reason for run in ConfirmationFolder(study.folder.confirmation).read()}
    assert "iterations" in runs[study.best.number]
    assert {reason for number, reason in runs.items() if number != study.best.number} == {SOLVED_BEFORE}


def test_dev_rows_of_their_own_are_left_alone(tiny_folder: Path, tmp_path: Path) -> None:
    dev = str(write_csv(tmp_path / "dev.csv", moods(20, seed=2)))
    study = tune(tmp_path, tiny_folder, dev=dev)
    assert (study.summary.folds, study.summary.trained_again) == (0, None)
    with pytest.raises(adaptkit.AdaptkitError, match="folds"):
        tune(tmp_path, tiny_folder, dev=dev, folds=5, study="other")


def test_a_solved_study_is_continued(tiny_folder: Path, tmp_path: Path) -> None:
    before = tune(tmp_path, tiny_folder, trials=2)
    after = tune(tmp_path, tiny_folder, trials=5)
    assert len(after.trials) == 5
    assert after.trials[:2] == before.trials


def test_other_settings_are_named_not_what_they_exclude(tiny_folder: Path, tmp_path: Path) -> None:
    tune(tmp_path, tiny_folder, trials=1)
    dev = str(write_csv(tmp_path / "dev.csv", moods(20, seed=2)))
    other = shutil.copytree(tiny_folder, tmp_path / "other")
    (other / "config.json").write_text((other / "config.json").read_text() + "\n", encoding="utf-8")
    for model, changes, named in (
        (tiny_folder, {"strategy": "lora"}, "strategy: frozen → lora"),
        (other, {}, f"model: {tiny_folder} → {other}"),
        (tiny_folder, {"dev": dev}, rf"data: from \S+train.csv; now from \S+train.csv, {dev} \(fing"),
    ):
        with pytest.raises(StudyError, match=named) as refused:
            tune(tmp_path, model, trials=1, **changes)
        assert refused.value.code == "study-differs"


def test_trials_after_the_timeout_have_their_turn_later(tiny_folder: Path, tmp_path: Path) -> None:
    study = tune(tmp_path, tiny_folder, timeout=1e-6)
    assert all(trial.interrupted for trial in study.trials)
    again = tune(tmp_path, tiny_folder)
    assert sum(trial.state == "complete" for trial in again.trials) == 4


class Slow(adaptkit.Callback):
    """Delays the first trial until the time is up."""

    def on_trial_start(self, study: Any, trial: Any) -> None:
        time.sleep(0.5)


def test_a_solved_trial_is_not_stopped_by_the_timeout(tiny_folder: Path, tmp_path: Path) -> None:
    study = tune(tmp_path, tiny_folder, trials=1, confirm=0, timeout=0.5, callbacks=[Slow()])
    (trial,) = study.trials
    assert (trial.state, trial.cut_short) == ("complete", False)
    assert not [warning for warning in study.summary.warnings if "timeout" in warning]


def test_the_same_seed_gives_the_same_study(tiny_folder: Path, tmp_path: Path) -> None:
    one, other = (tune(tmp_path, tiny_folder, study=name) for name in ("one", "other"))
    assert [trial.values for trial in one.trials] == [trial.values for trial in other.trials]


LOADED = """
import json, sys
from sentence_transformers import SentenceTransformer
print(json.dumps(SentenceTransformer(sys.argv[1], device="cpu").encode([sys.argv[2]]).tolist()))
"""


@pytest.mark.slow
@pytest.mark.parametrize("pooling", ["mean", "normalized-mean"])
def test_sentence_transformers_gives_the_logits(pooling: str, tiny_folder: Path, tmp_path: Path) -> None:
    study = tune(tmp_path, tiny_folder, pooling=pooling)
    answer = subprocess.run(
        [sys.executable, "-c", LOADED, str(study.model_folder), TEXT],
        capture_output=True, text=True, check=True, env=environment(), timeout=300,
    )  # fmt: skip
    (logits,) = json.loads(answer.stdout.splitlines()[-1])
    powers = np.exp(np.array(logits) - max(logits))
    (found,) = adaptkit.load(study.model_folder, device="cpu").predict([TEXT])
    labels = study.summary.labels
    assert labels[int(powers.argmax())] == found["label"]
    assert found["probability"] == pytest.approx(float(powers.max() / powers.sum()), abs=1e-4)
