"""`adaptkit.tune` from Python; tests/end_to_end runs studies from the command line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.errors import ConfigError, DataError, StudyError
from adaptkit.study.folder import StudyFolder
from tests.helpers.program import called


def test_a_python_call_returns_the_study(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("ner", "frozen")
    assert study.folder.name == "ner-frozen"
    assert study.best in study.trials
    assert study.best.score == max(trial.score for trial in study.trials)
    assert study.model_folder == study.folder.best
    assert (study.summary.encoder_passes, study.summary.features_reused) == (1, 0)
    assert set(study.summary.seconds) >= {"data", "model", "features", "train", "score", "export"}


def test_nothing_is_written_for_bad_data(tmp_path: Path, tiny_folder: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.conll"):
        adaptkit.tune(
            "ner", data=str(tmp_path / "nowhere.conll"), model=str(tiny_folder), studies=tmp_path / "studies"
        )
    assert not (tmp_path / "studies").exists()


def tuned_again(study: Any, studies: Path, trials: int = 2) -> Any:
    """The same study again, in another folder."""
    config = study.folder.read_config()
    return adaptkit.tune(
        config.task, data=config.data.data, model=config.model, strategy="frozen", trials=trials, epochs=3,
        learning_rate=config.search.learning_rate, batch_sizes=config.search.batch_sizes,
        studies=studies, device="cpu", parallel_trials=2,  # otherwise measured, so the draws would differ
    )  # fmt: skip


def test_the_same_study_twice_gives_the_same_numbers(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    study = tuned("text-classification", "frozen")
    first, second = (tuned_again(study, tmp_path / name) for name in ("first", "second"))
    for one, other in zip(first.trials, second.trials, strict=True):
        assert one.hyperparameters == other.hyperparameters
        assert [rung.score for rung in one.rungs] == [rung.score for rung in other.rungs]
        assert [rung.loss for rung in one.rungs] == pytest.approx(
            [rung.loss for rung in other.rungs], rel=1e-4
        )


def test_a_finished_study_takes_no_more_time(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("text-classification", "frozen")
    first, second = (tuned_again(study, tmp_path) for _ in range(2))
    assert second.summary.seconds == first.summary.seconds


@pytest.mark.parametrize("strategy", ["frozen", "full"])
def test_weights_of_classes_are_part_of_the_study(
    strategy: Any, tiny_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    def study(name: str, trials: int = 1, **loss: Any) -> Any:
        return adaptkit.tune(
            "text-classification", data=str(data_folder / "text-classification"), model=str(tiny_folder),
            strategy=strategy, trials=trials, studies=tmp_path, study=name, device="cpu", **loss,
        )  # fmt: skip

    plain = study("plain")
    labels = plain.summary.labels
    weights = {label: 1.0 + 20 * number for number, label in enumerate(labels)}
    (tmp_path / "weights.json").write_text(json.dumps(weights))
    weighted = study("weighted", class_weights=tmp_path / "weights.json", label_smoothing=0.1)
    assert weighted.summary.class_weights.startswith(f"{labels[0]} 1.0, {labels[1]} 21.0")
    assert plain.trials[0].rungs[-1].loss != pytest.approx(weighted.trials[0].rungs[-1].loss, rel=1e-3)
    with pytest.raises(StudyError, match=r"class weights: .* → balanced; label smoothing: 0\.1 → 0\.0"):
        study("weighted", trials=2, class_weights="balanced")
    (tmp_path / "weights.json").write_text(json.dumps({**weights, "none": 1.0}))
    with pytest.raises(ConfigError, match="unknown labels 'none'"):
        study("new", class_weights=tmp_path / "weights.json")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_dropout_is_repeatable_with_given_parallel_trials(
    strategy: Any, tiny_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    settings = json.loads((model / "config.json").read_text())
    dropout = {"hidden_dropout_prob": 0.3, "attention_probs_dropout_prob": 0.3}
    (model / "config.json").write_text(json.dumps({**settings, **dropout}))
    losses = []
    for seed, name in ((0, "first"), (0, "second"), (1, "other")):
        study = adaptkit.tune(
            "ner", data=str(data_folder / "ner"), model=str(model), strategy=strategy, trials=2, epochs=1,
            batch_sizes=(4,), learning_rate=(1e-3, 1e-3), studies=tmp_path / name, device="cpu",
            parallel_trials=2, seed=seed,
        )  # fmt: skip
        losses.append([rung.loss for trial in study.trials for rung in trial.rungs])
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    assert losses[0] != pytest.approx(losses[2], rel=1e-4)


@pytest.mark.parametrize("task", ["ner", "text-classification"])
def test_a_second_study_reuses_features_with_equal_results(
    task: str, tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    first, second = (tuned_again(tuned(task, "frozen"), tmp_path / name) for name in ("first", "second"))
    for study, (limits, reused) in ((first, (1, 0)), (second, (0, 48 + 16))):
        assert (study.summary.encoder_passes, study.summary.features_reused) == (limits, reused)
    for one, other in zip(first.trials, second.trials, strict=True):
        assert [rung.score for rung in one.rungs] == [rung.score for rung in other.rungs]
        assert one.values == other.values
    assert "features of an earlier study reused" in called("report", second.folder.path).out
    assert "read the data once" in called("report", first.folder.path).out


def test_a_continued_study_has_read_the_data_once(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("ner", "frozen")
    tuned_again(study, tmp_path)
    more = tuned_again(study, tmp_path, trials=3)
    assert len(more.trials) == 3
    assert (more.summary.encoder_passes, more.summary.features_reused) == (1, 48 + 16)


def test_a_study_records_the_versions_of_its_trials(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("ner", "frozen")
    first = tuned_again(study, tmp_path)
    todays = first.summary.versions
    earlier = {**todays, "torch": "2.10.0"}
    with first.folder.lock():
        first.folder.write_summary(replace(first.summary, versions=earlier))
    again = tuned_again(study, tmp_path)
    assert again.summary.versions == earlier
    assert not any("other versions" in warning for warning in again.summary.warnings)
    more = tuned_again(study, tmp_path, trials=3)
    assert more.summary.versions == todays
    (warning,) = [warning for warning in more.summary.warnings if "other versions" in warning]
    assert f"other versions: torch 2.10.0 → {todays['torch']}" in warning
    assert warning in tuned_again(study, tmp_path, trials=3).summary.warnings
    assert warning in tuned_again(study, tmp_path, trials=4).summary.warnings


def test_a_finished_study_keeps_its_workers(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("ner", "frozen")
    first = tuned_again(study, tmp_path)
    with first.folder.lock():
        first.folder.write_summary(replace(first.summary, workers=2))
    assert tuned_again(study, tmp_path).summary.workers == 2
    assert tuned_again(study, tmp_path, trials=3).summary.workers == 1, "this run trained in one process"


def test_an_unwritable_cache_gives_only_a_note(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: Any, capfd: Any
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ADAPTKIT_CACHE", str(tmp_path / "file"))
    study = tuned_again(tuned("ner", "frozen"), tmp_path)
    assert study.summary.state == "finished"
    assert capfd.readouterr().err.count("not kept for the next study") == 1


def test_an_invalid_limit_is_rejected_before_any_writing(
    tuned: Callable[[str, str], Any], tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setenv("ADAPTKIT_CACHE_LIMIT", "plenty")
    with pytest.raises(ConfigError, match="ADAPTKIT_CACHE_LIMIT is 'plenty'"):
        tuned_again(tuned("ner", "frozen"), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_moved_study_finds_its_model(
    tuned: Callable[[str, str], Any], tiny_folder: Path, data_folder: Path, tmp_path: Path
) -> None:
    before = tuned("ner", "frozen")
    moved = tmp_path / "moved"
    shutil.copytree(before.folder.path, moved / before.folder.name)
    stands = StudyFolder(moved / before.folder.name).summary_as_it_stands()
    assert stands is not None
    assert stands.model_folder == str(moved / before.folder.name / "best")
    again = adaptkit.tune(
        "ner", data=str(data_folder / "ner"), model=str(tiny_folder), strategy="frozen", trials=2, epochs=3,
        learning_rate=(2e-3, 2e-2), batch_sizes=(4,), study=before.folder.name, studies=moved, device="cpu",
        precision="fp32", options=before.folder.read_config().options,
    )  # fmt: skip
    assert again.model_folder == moved / before.folder.name / "best"
    assert adaptkit.load(again.model_folder).predict(["today Amara Bela has seen Quarn ."])
    assert again.summary.data == before.summary.data, "the examples of the first run are still there"


def test_fewer_trials_than_there_are_change_nothing(tiny_folder: Path, tmp_path: Path) -> None:
    rows = [{"text": f"{word} {n}", "label": word} for n in range(20) for word in ("merry", "grey")]
    lines: list[str] = []

    def tuned_with(trials: int) -> Any:
        return adaptkit.tune(
            "text-classification", train=rows, model=str(tiny_folder), strategy="frozen", trials=trials,
            confirm=0, studies=tmp_path, study="s", device="cpu", progress=lines.append,
        )  # fmt: skip

    sentence = (
        "the study has 3 trials already, so no trial is added: the total of all runs is to be 1 (--trials)"
    )
    tuned_with(3)
    tuned_with(3)
    assert not any("already" in line for line in lines)
    assert sum("nothing is left to train: the study is finished" in line for line in lines) == 1
    again = tuned_with(1)
    assert sum(sentence in line for line in lines) == 1
    assert (len(again.trials), again.summary.trials) == (3, 3)


def test_rows_that_were_left_out_are_listed(tiny_folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "train.csv"
    rows = [f"a merry river {number},glad\n a grey river {number},sad\n" for number in range(20)]
    file.write_text("text,label\n" + "".join(rows) + " ,glad\n ,sad\n")
    study = adaptkit.tune(
        "text-classification", train=file, model=str(tiny_folder), strategy="frozen", trials=1, epochs=1,
        skip_bad_rows=True, studies=tmp_path / "studies", device="cpu",
    )  # fmt: skip
    lines = study.folder.left_out.read_text().splitlines()
    assert [line.split(": ")[0] for line in lines] == [f"{file}:42", f"{file}:43"]
    assert [split.skipped for split in study.summary.data.values()] == [2, 0]
