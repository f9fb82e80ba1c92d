"""The winner is trained again on the training and dev rows together, as one record of the study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import adaptkit
from adaptkit.report.document import as_document
from adaptkit.report.html import as_html
from adaptkit.report.markdown import as_markdown
from adaptkit.run.refit import Aim
from adaptkit.search.space import RANGES_VERSION
from adaptkit.study.confirmation import AVERAGE, ConfirmationFolder, ConfirmationRun
from adaptkit.study.provenance import FIRST_WITH_REFIT
from adaptkit.study.record import RungRecord, TrialRecord
from adaptkit.study.refit import RefitFolder
from tests.helpers.data import moods, write_csv


def tuned(data: Path, model: Path, studies: Path, **options: Any) -> Any:
    train = next((data / "text-classification").glob("train.*"))
    settings: dict[str, Any] = {
        "train": str(train), "model": str(model), "trials": 4, "device": "cpu", "studies": studies,
        "strategy": "full", "epochs": 2, "learning_rate": (1e-3, 1e-2), "pruning": False, "confirm": 2,
        "refit": True, "batch_sizes": (4,),
    }  # fmt: skip
    return adaptkit.tune("text-classification", **{**settings, **options})


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("strategy", ["full", "lora", "frozen"])
def test_the_exported_model_is_the_refit(
    strategy: str, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    options = {"head_solver": "adamw"} if strategy == "frozen" else {}
    study = tuned(data_folder, tiny_folder, tmp_path, strategy=strategy, **options)
    its = study.summary.trained_again
    assert its.state == "complete"
    assert its.trial == study.best.number == study.summary.confirmation.winner
    assert its.rows == sum(split.rows for split in study.summary.data.values())
    runs = [
        run
        for run in ConfirmationFolder(study.folder.confirmation).read()
        if run.trial == its.trial and run.run < 2
    ]
    assert its.seed in {run.seed for run in runs}
    assert its.score == pytest.approx(sum(run.score or 0.0 for run in runs) / 2)
    assert 0 < its.epochs <= its.of_epochs == 2
    weights = RefitFolder(study.folder.refit).weights(its)
    assert weights is not None
    kept = load_file(weights)["row"]
    of_run = next(study.folder.confirmation.glob(f"{its.trial:04d}-*.safetensors"))
    assert not torch.equal(kept, load_file(of_run)["row"])


def test_reports_say_that_there_is_no_dev_score(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    study = tuned(data_folder, tiny_folder, tmp_path)
    its, said = study.summary.trained_again, "No dev rows are left to score it on"
    card = (study.folder.best / "README.md").read_text()
    for shown in (as_markdown(study.summary, study.trials), as_html(study.summary, study.trials), card):
        assert said in flat(shown)
        assert f"the mean of its {its.runs} runs" in flat(shown)
    assert "These scores are the configuration's." in card
    assert "configuration, dev" in as_markdown(study.summary, study.trials)
    document = as_document(study.summary, study.trials)
    assert document["best"]["score"] == pytest.approx(its.score)
    assert document["study"]["trained_again"]["rows"] == its.rows


def test_a_refit_is_done_once_and_again_if_lost(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    first = tuned(data_folder, tiny_folder, tmp_path)
    (path,) = first.folder.refit.glob("*.safetensors")
    before = path.stat().st_mtime_ns, load_file(path)["row"].clone()  # not mapped from the file
    again = tuned(data_folder, tiny_folder, tmp_path)
    assert path.stat().st_mtime_ns == before[0]
    assert again.summary.trained_again == first.summary.trained_again
    path.write_bytes(path.read_bytes()[:100])
    tuned(data_folder, tiny_folder, tmp_path)
    assert path.stat().st_mtime_ns != before[0]
    torch.testing.assert_close(load_file(path)["row"], before[1])


def test_without_the_option_the_refit_is_forgotten(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    first = tuned(data_folder, tiny_folder, tmp_path)
    back = tuned(data_folder, tiny_folder, tmp_path, refit=False)
    assert back.summary.trained_again is None
    assert back.summary.best == first.summary.best
    assert "No dev rows are left" not in (back.folder.best / "README.md").read_text()


def test_a_confirmed_winner_is_refitted_by_default(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder, tiny_folder, tmp_path, refit=None)
    assert study.summary.trained_again.state == "complete"
    other = tmp_path / "unconfirmed"
    assert tuned(data_folder, tiny_folder, other, confirm=0).summary.trained_again is not None
    unconfirmed = tuned(data_folder, tiny_folder, other, refit=None, confirm=0)
    assert unconfirmed.summary.trained_again is None
    steps = tuned(
        data_folder, tiny_folder, tmp_path / "steps", refit=None, strategy="frozen", head_solver="adamw"
    )
    assert steps.summary.trained_again is None
    dev = str(next((data_folder / "text-classification").glob("dev.*")))
    given = tuned(data_folder, tiny_folder, tmp_path / "given", refit=None, dev=dev)
    assert given.summary.confirmation.winner is not None
    assert given.summary.trained_again is None


def test_started_studies_are_refitted_only_if_asked(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder, tiny_folder, tmp_path, refit=False)
    toml = study.folder.path / "study.toml"
    older = toml.read_text().replace(f"ranges = {RANGES_VERSION}", f"ranges = {FIRST_WITH_REFIT - 1}")
    toml.write_text(older)
    again = tuned(data_folder, tiny_folder, tmp_path, refit=None)
    assert again.summary.trained_again is None
    assert again.best.number == study.best.number


@pytest.mark.parametrize(("strategy", "soup"), [("full", None), ("lora", True)])
def test_the_runs_on_all_rows_are_averaged(
    strategy: str, soup: bool | None, data_folder: Path, tiny_folder: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("adaptkit.analysis.confirmation.error_of_mean", lambda runs: 1.0)  # none is worse
    study = tuned(data_folder, tiny_folder, tmp_path, strategy=strategy, soup=soup)
    assert study.summary.confirmation.exported.run == AVERAGE
    its = study.summary.trained_again
    assert (its.state, its.averaged) == ("complete", 2)
    assert "as the average of 2 runs" in flat(as_markdown(study.summary, study.trials))
    alone = tuned(data_folder, tiny_folder, tmp_path / "alone", strategy=strategy, soup=False)
    assert alone.summary.trained_again.averaged == 1
    assert "as the average of" not in flat(as_markdown(alone.summary, alone.trials))


def test_a_refit_that_collapsed_is_not_exported(
    data_folder: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def collapsed(training: Any, *_: Any, **__: Any) -> torch.Tensor:
        return torch.zeros(training.layout.width)

    monkeypatch.setattr("adaptkit.engine.refit.trained_for", collapsed)
    # enough rows and epochs that each run learns the classes, on any processor
    enough = {"train": str(write_csv(tmp_path / "rows.csv", moods(200, seed=5))), "epochs": 6}
    study = tuned(data_folder, tiny_folder, tmp_path, **enough)
    assert study.summary.trained_again.state == "fail"
    assert list(study.folder.refit.glob("*.safetensors")) == []
    again = tuned(data_folder, tiny_folder, tmp_path, **enough)  # trains nothing, and still has the warning
    for one in (study, again):
        (warning,) = [one for one in one.summary.warnings if "could not be trained again" in one]
        assert "on the dev rows" in warning
        assert "could not be trained again" in flat(as_html(one.summary, one.trials))
    assert "No dev rows are left" not in (study.folder.best / "README.md").read_text()


def test_without_a_confirmation_the_trial_says_how_long(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    study = tuned(data_folder, tiny_folder, tmp_path, confirm=0)
    its = study.summary.trained_again
    trial = next(one for one in study.trials if one.number == its.trial)
    kept = trial.rungs[trial.best_rung].epoch
    expected = 2 if kept == trial.rungs[-1].epoch else kept
    assert (its.seed, its.epochs) == (trial.seed, expected)
    assert (its.score, its.runs) == (trial.score, 0)


def test_a_solved_head_uses_given_dev_rows_if_asked(
    data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    folder = data_folder / "text-classification"
    options = {
        "strategy": "frozen", "pooling": "mean", "epochs": None, "learning_rate": None, "batch_sizes": None,
        "dev": str(next(folder.glob("dev.*"))),
    }  # fmt: skip
    study = tuned(data_folder, tiny_folder, tmp_path, **options)
    assert study.summary.trained_again.trial == study.best.number
    other = tuned(data_folder, tiny_folder, tmp_path / "other", **options, refit=None)
    assert other.summary.trained_again is None


TRIAL = TrialRecord(
    number=3, state="complete", reason="", origin="search", hyperparameters={"epochs": 3.0}, seed=9,
    best_rung=1,
    rungs=[RungRecord(epoch=0.5, score=0.2, loss=1.0), RungRecord(epoch=1.0, score=0.4, loss=1.0)],
)  # fmt: skip
RUN = ConfirmationRun(trial=3, run=0, seed=5, state="complete", score=0.5, epoch=1.5)


def test_it_trains_as_long_as_the_runs_in_the_middle() -> None:
    runs = [RUN, replace(RUN, run=1, epoch=2.0), replace(RUN, run=2, epoch=9.0)]
    assert Aim(TRIAL, runs, runs[1]).epochs == 2.0
    assert Aim(TRIAL, runs[:2], runs[1]).epochs == 2.0, "a rung that one of them has"
    assert Aim(TRIAL, runs[:2], runs[1], FIRST_WITH_REFIT - 1).epochs == 1.75
    assert Aim(TRIAL, [replace(RUN, epoch=None)], RUN).epochs == 3.0, "as the trial, in older records"
    ended = [replace(RUN, last_epoch=1.5), replace(RUN, run=1, epoch=1.0, last_epoch=1.5)]
    assert Aim(TRIAL, ended, RUN).epochs == 3.0, "the first was as good as ever when its patience ended it"
    assert Aim(TRIAL, ended[1:], RUN).epochs == 1.0
    assert Aim(replace(TRIAL, best_rung=0), (), None).epochs == 0.5
    assert list(Aim(TRIAL, (), None).seeds) == [9]


def test_an_average_is_of_all_seeds_but_in_earlier_studies() -> None:
    runs, average = [RUN, replace(RUN, run=1, seed=6)], replace(RUN, run=AVERAGE)
    assert list(Aim(TRIAL, runs, average).seeds) == [5, 6]
    assert list(Aim(TRIAL, runs, average, FIRST_WITH_REFIT - 1).seeds) == [5]
    assert list(Aim(TRIAL, runs, runs[1]).seeds) == [6]
