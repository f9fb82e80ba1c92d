from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from adaptkit.errors import StudyError
from adaptkit.run.study import Study
from adaptkit.study.folder import StudyFolder
from tests.helpers.studies import edge_studies, hostile


def test_the_winner_is_read_by_names_of_optuna(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("ner", "full")
    best = max(study.trials, key=lambda trial: trial.score)
    assert study.best_params == best.hyperparameters
    assert study.best_value == best.score
    assert study.load(device="cpu").predict("today Amara has seen Quarn .")["entities"] is not None


def test_without_a_winner_there_are_no_best_values(tmp_path: Path) -> None:
    summary, trials = edge_studies()["all pruned"]
    study = Study(StudyFolder(tmp_path), summary, trials)
    for ask in (lambda: study.best_params, lambda: study.best_value, study.load):
        with pytest.raises(StudyError) as refused:
            ask()
        assert refused.value.code == "no-winner"


def test_a_model_folder_that_is_gone_is_not_called_no_winner(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    shutil.copytree(tuned("ner", "frozen").folder.path, tmp_path / "s", symlinks=True)
    shutil.rmtree(tmp_path / "s" / "best")
    folder = StudyFolder(tmp_path / "s")
    with pytest.raises(StudyError, match=r"has a winner, but its model folder .*best is missing") as refused:
        Study(folder, tuned("ner", "frozen").summary, ()).load()
    assert refused.value.code == "no-model-folder"


def test_a_study_is_shown_on_one_line(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    study = tuned("ner", "frozen")
    best = f"best f1 {study.best_value:.4f} (trial {study.best.number})"
    assert repr(study) == f"<Study 'ner-frozen': finished, 2 trials, {best}>"
    for summary, trials in edge_studies().values():
        shown = repr(Study(StudyFolder(tmp_path), summary, trials))
        assert len(shown) < 300
        assert shown.isprintable()


def test_the_confirmation_of_an_older_best_trial_does_not_count(tmp_path: Path) -> None:
    summary, trials = edge_studies()["beats"]
    study = Study(StudyFolder(tmp_path), summary, trials)
    assert study.confirmation == summary.confirmation
    better = replace(trials[0], number=99, rungs=[replace(trials[0].rungs[-1], score=0.99)], best_rung=0)
    assert Study(StudyFolder(tmp_path), summary, [*trials, better]).confirmation is None


def test_a_notebook_shows_the_report_in_a_frame(tmp_path: Path) -> None:
    summary, trials = hostile()
    shown = Study(StudyFolder(tmp_path), summary, trials)._repr_html_()
    assert shown.startswith('<iframe sandbox="allow-same-origin" ')
    assert shown.count("<") == 2, "all markup of the report is in an attribute"
