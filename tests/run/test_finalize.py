from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from adaptkit.data.load import load
from adaptkit.errors import NoTrialSucceeded, StudyError
from adaptkit.export.saving import CARD
from adaptkit.report import formatting, intervals
from adaptkit.report.progress import Progress
from adaptkit.report.setting import phases
from adaptkit.run.context import Clock, RunContext
from adaptkit.run.finalize import export_trial, finalize_study
from adaptkit.study.folder import StudyFolder
from adaptkit.system.manifest import verify
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry


@pytest.fixture
def copied(tuned: Callable[[str, str], Any], tmp_path: Path) -> StudyFolder:
    study = tuned("ner", "frozen")
    return StudyFolder(Path(shutil.copytree(study.folder.path, tmp_path / study.folder.name)))


def unscored(folder: StudyFolder, reason: str) -> None:
    """Change the study so that all trials failed with this reason, without a score."""
    for trial in folder.read_trials():
        ended = f"{reason} {trial.number}"
        folder.write_trial(
            replace(trial, state="fail", reason=ended, best_rung=None, rungs=(), values={}, groups={})
        )
    summary = folder.read_summary()
    assert summary is not None
    folder.write_summary(replace(summary, best=None, model_folder=None, test={}, test_groups={}))


def finished(folder: StudyFolder) -> RunContext:
    config, summary = folder.read_config(), folder.read_summary()
    assert summary is not None
    task = registry.load(config.task)
    progress = Progress(Console(file=io.StringIO()), 2, "f1", "maximize")
    context = RunContext(folder, summary, progress, Clock(), Interruption())
    finalize_study(context, config, task, load(task, config.data, config.seed), "cpu")
    return context


def test_an_exported_winner_is_not_exported_again(copied: StudyFolder) -> None:
    (copied.best / "mark").write_text("mine")
    finished(copied)
    assert (copied.best / "mark").exists()


def test_another_winner_replaces_the_exported_one(copied: StudyFolder) -> None:
    (copied.best / "mark").write_text("mine")
    summary = copied.read_summary()
    assert summary is not None
    copied.write_summary(replace(summary, best=99, test={"f1": 0.5}, test_intervals={"f1": (0.0, 1.0)}))
    context = finished(copied)
    assert not (copied.best / "mark").exists()
    assert context.summary.best == summary.best
    assert context.summary.test == summary.test
    assert context.summary.test_intervals == summary.test_intervals
    assert context.summary.test_baselines == summary.test_baselines != {}


def test_the_cards_time_is_the_reports(copied: StudyFolder) -> None:
    """A card that is written before the last phase has ended is written again."""
    summary = copied.read_summary()
    assert summary is not None
    copied.write_summary(replace(summary, best=99, test={}))
    after = finished(copied).summary
    assert {"export", "score"} <= after.seconds.keys()
    spent = f"{formatting.duration(sum(after.seconds.values()))} ({', '.join(phases(after))})"
    assert f"- the whole study: {spent}\n" in (copied.best / CARD).read_text(encoding="utf-8")
    (copied.best / CARD).write_text("edited")
    finished(copied)
    assert (copied.best / CARD).read_text(encoding="utf-8") == "edited"


def test_the_test_scores_have_intervals(copied: StudyFolder) -> None:
    summary = copied.read_summary()
    assert summary is not None
    assert summary.metric in summary.test_intervals
    for name, (low, high) in summary.test_intervals.items():
        assert 0 <= low <= summary.test[name] <= high <= 1
    copied.write_summary(replace(summary, test={}, test_groups={}, test_intervals={}))
    assert finished(copied).summary.test_intervals == summary.test_intervals


def test_only_the_winners_card_has_the_test_scores(copied: StudyFolder, tmp_path: Path) -> None:
    summary = copied.read_summary()
    assert summary is not None
    assert summary.test
    beside = {name: intervals.on_test(summary, name) for name in summary.test}
    lines = [
        f"- `{name}`: {value:.4f} ({beside[name]})\n" if beside[name] else f"- `{name}`: {value:.4f}\n"
        for name, value in summary.test.items()
    ]
    card = (copied.best / CARD).read_text(encoding="utf-8")
    assert "## Scores on test" in card
    assert all(line in card for line in lines)
    verify(copied.best)  # the card has been rewritten since

    config = copied.read_config()
    task = registry.load(config.task)
    data = load(task, config.data, config.seed)
    best = next(trial for trial in copied.read_trials() if trial.number == summary.best)
    stale = replace(summary, best=99)
    export_trial(copied, config, task, data.labels, stale, best, tmp_path / "other")
    assert "Scores on test" not in (tmp_path / "other" / CARD).read_text(encoding="utf-8")


def test_without_any_score_the_reasons_are_listed(copied: StudyFolder) -> None:
    unscored(copied, "diverged in")
    with pytest.raises(NoTrialSucceeded, match="diverged in 0; diverged in 1") as error:
        finished(copied)
    assert error.value.code == "no-trial-succeeded"
    summary = copied.read_summary()
    assert summary is not None
    assert (summary.state, summary.best) == ("failed", None)
    assert "diverged in 0" in copied.report.read_text(encoding="utf-8")


def test_trials_without_time_have_not_failed(copied: StudyFolder) -> None:
    unscored(copied, "interrupted: time was up in")
    assert finished(copied).summary.state == "interrupted"


def test_missing_weights_are_reported(copied: StudyFolder, tmp_path: Path) -> None:
    config, summary, trial = copied.read_config(), copied.read_summary(), copied.read_trials()[0]
    assert summary is not None
    copied.drop_weights_except([])
    task = registry.load(config.task)
    with pytest.raises(StudyError, match="--study") as error:
        export_trial(copied, config, task, summary.labels, summary, trial, tmp_path / "to")
    assert error.value.code == "no-weights"
    assert not (tmp_path / "to").exists()


def test_the_report_and_the_card_have_the_baselines(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("text-classification", "frozen")
    assert set(study.summary.baselines) == {"majority class", "TF-IDF + logistic regression"}
    best = study.folder.read_trials()[0]
    assert set(study.summary.baselines["majority class"]) == set(best.values)
    for text in (study.folder.report.read_text("utf-8"), (study.folder.best / CARD).read_text("utf-8")):
        assert "TF-IDF + logistic regression" in text


def test_a_study_without_baselines_gets_them_later(copied: StudyFolder) -> None:
    summary = copied.read_summary()
    assert summary is not None
    copied.write_summary(replace(summary, baselines={}))
    card = copied.best / CARD
    card.write_text("old")
    assert finished(copied).summary.baselines == summary.baselines
    assert "Simple models score on the same rows" in card.read_text(encoding="utf-8")
