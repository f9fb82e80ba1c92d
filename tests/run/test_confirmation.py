"""The best configurations are trained again under new seeds, as records of the study."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.analysis.confirmation import winner_of
from adaptkit.report.confirmation import notes
from adaptkit.run.confirmation_scheduler import seed_of
from adaptkit.run.head_init import START
from adaptkit.search.space import PenaltySpace
from adaptkit.study.confirmation import ConfirmationFolder
from adaptkit.study.record import best_trial
from tests.helpers.models import tiny_config, word_tokenizer


def tuned(data: Path, model: Path, studies: Path, **options: Any) -> Any:
    settings: dict[str, Any] = {
        "data": str(data), "model": str(model), "trials": 4, "device": "cpu", "studies": studies,
        "strategy": "full", "epochs": 2, "learning_rate": (1e-3, 1e-2), "pruning": False, "confirm": 2,
    }  # fmt: skip
    return adaptkit.tune("text-classification", **{**settings, **options})


@pytest.mark.parametrize(
    "options",
    [
        {"strategy": "full", "pooling": "mean", "soup": False},
        {"strategy": "lora", "pooling": "checkpoint"},
        {"strategy": "frozen", "head_solver": "adamw"},
    ],
    ids=["full", "lora", "frozen"],
)
def test_the_winner_has_the_best_mean(
    options: dict[str, Any], data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder / "text-classification", tiny_folder, tmp_path, **options)
    its = study.summary.confirmation
    assert its.winner in its.trials
    assert its.default == its.trials[-1] == 0
    runs = ConfirmationFolder(study.folder.confirmation).read()
    assert sorted((run.trial, run.run) for run in runs) == sorted(
        (trial, run) for trial in its.trials for run in range(2)
    )
    assert {run.seed for run in runs} == {seed_of(0, 0), seed_of(0, 1)}
    assert its.winner == winner_of(its.candidates, "maximize", its.default)
    of_winner = {run.run: run.score for run in runs if run.trial == its.winner}
    assert of_winner[its.exported_run] == max(of_winner.values())
    assert study.best.number == its.winner == study.summary.best


def test_runs_of_one_configuration_differ(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    study = tuned(data_folder / "text-classification", tiny_folder, tmp_path, pooling="checkpoint", confirm=3)
    runs = [run for run in ConfirmationFolder(study.folder.confirmation).read() if run.trial == 0]
    assert len({tuple(run.resampled) for run in runs}) > 1


def test_a_default_that_failed_is_trained_again(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    data = data_folder / "text-classification"
    study = tuned(data, tiny_folder, tmp_path, confirm=0)
    with study.folder.lock():
        failed = replace(study.trials[0], state="fail", reason="diverged: loss nan", best_rung=None, rungs=())
        study.folder.write_trial(failed)
    its = tuned(data, tiny_folder, tmp_path, confirm=2).summary.confirmation
    assert its.default == 0
    assert {len(one.scores) for one in its.candidates} == {2}
    assert its.winner in its.trials


@pytest.mark.parametrize("soup", [False, None])
def test_the_exported_model_has_the_recorded_score(
    soup: bool | None, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    data = data_folder / "text-classification"
    study = tuned(data, tiny_folder, tmp_path, pooling="mean", soup=soup)
    run = study.summary.confirmation.exported
    assert (study.summary.confirmation.average is None) == (soup is False)
    rows = study_rows(data, "dev")
    predictor = adaptkit.load(study.folder.best)
    assert predictor.score(rows).values["accuracy"] == pytest.approx(run.values["accuracy"], abs=0.02)


def study_rows(data: Path, split: str) -> list[dict[str, Any]]:
    from adaptkit.config import DataConfig
    from adaptkit.data.load import load
    from adaptkit.tasks import registry

    loaded = load(registry.load("text-classification"), DataConfig(data=str(data)), seed=0)
    return list(getattr(loaded, split).values)


def test_folds_are_drawn_again_for_solved_heads(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    train = next((data_folder / "text-classification").glob("train.*"))
    study = tuned(
        train, tiny_folder, tmp_path, strategy="frozen", epochs=None, learning_rate=None, pooling="mean",
        folds=3,
    )  # fmt: skip
    its = study.summary.confirmation
    assert its.winner in its.trials
    assert all(len(one.scores) == 2 for one in its.candidates)


@pytest.mark.parametrize("given", [True, False], ids=["given", "split-off"])
def test_solved_heads_are_compared_over_dev_rows(
    given: bool, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    """No seed changes them, so the interval is over the dev rows."""
    folder = data_folder / "text-classification"
    data = folder if given else next(folder.glob("train.*"))
    options = {"strategy": "frozen", "epochs": None, "learning_rate": None, "pooling": "mean", "folds": 0}
    study = tuned(data, tiny_folder, tmp_path, **options, confirm=None)
    its, best = study.summary.confirmation, best_trial(study.trials, "maximize")
    assert (its.over, its.runs) == ("rows", 1)
    assert its.winner == winner_of(its.candidates, "maximize", its.default) == study.best.number
    assert its.searched_best == best.number
    assert its.exported is None
    again = study.summary.trained_again
    assert again is None if given else (again.trial, again.epochs) == (its.winner, 0)
    others = [one for one in its.candidates if one.trial != its.default]
    assert others
    scores = {trial.number: trial.score for trial in study.trials}
    for one in its.candidates:
        assert one.mean == scores[one.trial]  # exactly: it is the same head
    for one in others:
        assert one.difference == pytest.approx(scores[one.trial] - scores[its.default])
        assert one.low <= one.difference <= one.high
    (said, *_) = notes(study.summary, study.trials)
    assert "with new seeds" not in said
    assert ("the default" in said) or ("default itself" in said)
    again = tuned(data, tiny_folder, tmp_path, **options, confirm=None)
    one, other = (json.dumps(asdict(found)) for found in (its, again.summary.confirmation))
    assert one == other


@pytest.mark.parametrize("given", [True, False], ids=["given", "split-off"])
def test_a_solved_default_that_wins_is_exported(
    given: bool, data_folder: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own weights are kept even if other trials are better, and are exported."""
    monkeypatch.setattr("adaptkit.analysis.confirmation.CLEAR", 1e9)
    monkeypatch.setattr("adaptkit.run.ended_trials.WEIGHTS_KEPT", 1)
    monkeypatch.setattr("adaptkit.search.space.FIRST_STEP", 500.0)  # the first trials are far from it
    worse = PenaltySpace(l2=(1e-4, 10.0), default_l2=10.0)
    monkeypatch.setattr("adaptkit.run.penalty.ONE_LABEL_PER_TEXT", worse)
    folder = data_folder / "text-classification"
    study = tuned(
        folder if given else next(folder.glob("train.*")), tiny_folder, tmp_path, strategy="frozen",
        epochs=None, learning_rate=None, pooling="mean", folds=0, confirm=None,
    )  # fmt: skip
    its = study.summary.confirmation
    assert its.searched_best != its.default == its.winner == study.best.number
    assert (study.summary.trained_again is None) == given
    assert its.exported is None
    if given:
        scored = adaptkit.load(study.folder.best).score(study_rows(folder, "dev"))
        assert scored.values["accuracy"] == pytest.approx(study.trials[its.default].score)


def test_a_confirmation_is_done_once(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    data = data_folder / "text-classification"
    first = tuned(data, tiny_folder, tmp_path)
    times = {path: path.stat().st_mtime_ns for path in first.folder.confirmation.iterdir()}
    again = tuned(data, tiny_folder, tmp_path)
    one, other = (json.dumps(asdict(its.summary.confirmation)) for its in (first, again))
    assert one == other
    assert times == {path: path.stat().st_mtime_ns for path in first.folder.confirmation.iterdir()}


def test_a_lost_run_alone_is_done_again(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    data = data_folder / "text-classification"
    first = tuned(data, tiny_folder, tmp_path)
    runs = sorted(first.folder.confirmation.glob("*-*.json"))
    times = {path: path.stat().st_mtime_ns for path in runs}
    runs[0].unlink()
    summary = json.loads(first.folder.summary.read_text())
    summary["confirmation"].update(winner=None, candidates=[], exported_run=None)
    first.folder.summary.write_text(json.dumps(summary))
    again = tuned(data, tiny_folder, tmp_path)
    assert again.summary.confirmation.winner is not None
    assert runs[0].exists()
    assert all(path.stat().st_mtime_ns == times[path] for path in runs[1:])


@pytest.mark.parametrize("options", [{"confirm": 0}, {"trials": 3, "confirm": None}, {"trials": 1}])
def test_what_is_not_confirmed(
    options: dict[str, Any], data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder / "text-classification", tiny_folder, tmp_path, **options)
    assert study.summary.confirmation is None
    assert not study.folder.confirmation.exists()


def test_a_timeout_while_folds_are_solved(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    train = next((data_folder / "text-classification").glob("train.*"))
    options = {"strategy": "frozen", "epochs": None, "learning_rate": None, "pooling": "mean", "folds": 3}
    tuned(train, tiny_folder, tmp_path, **options, confirm=0)
    stopped = tuned(train, tiny_folder, tmp_path, **options, timeout=1e-4)
    its = stopped.summary.confirmation
    assert (its.winner, its.ended) == (None, 0)
    said = f"the timeout was reached; confirmation runs that the same command will train: {its.total}"
    assert said in stopped.summary.warnings
    assert stopped.summary.state == "finished"
    done = tuned(train, tiny_folder, tmp_path, **options)
    assert done.summary.confirmation.ended == its.total
    assert not any("the timeout was reached" in warning for warning in done.summary.warnings)


@pytest.mark.parametrize(
    ("family", "head_init"), [("bert", "auto"), ("modernbert", "auto"), ("bert", "random")]
)
def test_a_head_that_starts_at_random_is_drawn_again(
    family: str, head_init: Any, data_folder: Path, tmp_path: Path
) -> None:
    folder = token_model(family, tmp_path / family)
    study = adaptkit.tune(
        "ner", data=str(data_folder / "ner"), model=str(folder), trials=2, device="cpu", strategy="full",
        epochs=1, learning_rate=(1e-9, 1e-8), pruning=False, confirm=2, studies=tmp_path / "studies",
        head_init=head_init,
    )  # fmt: skip
    losses = {run.seed: run.resampled for run in ConfirmationFolder(study.folder.confirmation).read()}
    assert len(losses) == 2
    starts_solved = START in study.summary.baselines
    assert starts_solved == (head_init == "auto")
    same = len({tuple(scores) for scores in losses.values()}) == 1
    assert same == starts_solved  # with such rates a run scores what its start scores


def token_model(family: str, folder: Path) -> Path:
    """A tiny encoder without a head, and a tokenizer. A head of ModernBERT for tokens has two layers."""
    import torch
    import transformers

    tokenizer = word_tokenizer()
    config = tiny_config(family)
    config.update({"vocab_size": len(tokenizer), "pad_token_id": tokenizer.pad_token_id})
    torch.manual_seed(0)
    transformers.AutoModel.from_config(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_runs_of_a_trial_that_is_lost_do_not_count(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    data = data_folder / "text-classification"
    options = {"strategy": "frozen", "epochs": None, "learning_rate": None, "pooling": "mean", "folds": 0}
    study = tuned(data, tiny_folder, tmp_path, **options, confirm=None, study="study")
    lost = next(number for number in study.summary.confirmation.trials if number != 0)
    (study.folder.trials / f"{lost:04d}.json").unlink()
    study.folder.database.unlink()
    again = tuned(data, tiny_folder, tmp_path, **options, confirm=None, study="study")
    its = again.summary.confirmation
    assert lost not in {trial.number for trial in again.trials if not trial.interrupted}
    assert its.winner in its.trials
    assert lost not in its.trials
