"""The order in which a confirmation run, its record and its weights are written."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console

from adaptkit.engine.evaluate import ScoringSet
from adaptkit.engine.types import Outcome, RungReport
from adaptkit.errors import StudyError
from adaptkit.report.progress import Progress
from adaptkit.run.confirmation_scheduler import ConfirmationScheduler, seed_of, trials_of
from adaptkit.run.evaluations import BEST_RUNG
from adaptkit.study.confirmation import Confirmation, ConfirmationFolder
from adaptkit.task import Scores
from tests.helpers.number_task import number_task
from tests.helpers.studies import ner_trials

PLAN = Confirmation(searched_best=8, trials=(8, 0), default=0, runs=2)


def scheduler(folder: Path, **changes: Any) -> ConfirmationScheduler:
    (folder.parent / "lock").touch()
    its = ConfirmationFolder(folder)
    ended = its.read()
    records = {record.number: record for record in ner_trials()}
    progress = Progress(Console(file=io.StringIO()), 1, "f1", "maximize")
    dev = ScoringSet(task=number_task(), labels=[], rows=[{"numbers": [1]}], examples=[], buckets=[])
    settings: dict[str, Any] = {
        "task": number_task(), "dev": dev, "metric": "f1", "direction": "maximize", "seed": 0,
        "deadline": math.inf, "check": lambda: None, "progress": progress,
        "announce": progress.confirmed, "vocabulary": None,
    }  # fmt: skip
    waiting = trials_of(PLAN, records, ended, seed=0, rule=BEST_RUNG)
    return ConfirmationScheduler(its, waiting, ended, **{**settings, **changes})


def outcome(scheduler: ConfirmationScheduler, number: int, score: float) -> Outcome:
    trial = next(trial for trial, _ in scheduler.waiting if trial.number == number)
    kept = RungReport(
        trial=trial, rung=0, epoch=1.0, loss=0.1, score=score, last=True, calibration={},
        scores=Scores(values={"f1": score, "recall": math.nan}, groups={"x": {"f1": score}}),
    )  # fmt: skip
    return Outcome(
        trial=trial, state="complete", reason="finished", kept=kept, parameters=torch.full((3,), score),
        seconds=1.0, predictions=None,
    )  # fmt: skip


def weights(folder: Path) -> Sequence[str]:
    return sorted(path.name for path in folder.glob("*.safetensors"))


def test_the_first_run_of_all_comes_before_the_second(tmp_path: Path) -> None:
    waiting = scheduler(tmp_path / "confirmation").waiting
    assert [(run.trial, run.run) for _, run in waiting] == [(8, 0), (0, 0), (8, 1), (0, 1)]
    assert [trial.seed for trial, _ in waiting] == [seed_of(0, run) for run in (0, 0, 1, 1)]


def test_the_weights_of_the_best_run_alone_stay(tmp_path: Path) -> None:
    folder = tmp_path / "confirmation"
    its = scheduler(folder)
    for number, score in ((0, 0.5), (1, 0.4), (2, 0.6), (3, 0.3)):
        its.on_trial_end(outcome(its, number, score))
    assert weights(folder) == ["0000-0.safetensors", "0008-1.safetensors"]
    assert scheduler(folder).waiting == []
    (run, *_) = [run for run in ConfirmationFolder(folder).read() if (run.trial, run.run) == (8, 1)]
    assert (run.score, run.values["recall"], run.groups) == (0.6, None, {"x": {"f1": 0.6}})


def test_a_record_says_when_the_run_ended(tmp_path: Path) -> None:
    its = scheduler(tmp_path / "confirmation")
    ended = outcome(its, 0, 0.5)
    assert ended.kept is not None
    its.on_rung_end([ended.kept])
    its.on_rung_end([replace(ended.kept, rung=1, epoch=2.0)])
    its.on_trial_end(ended)
    (run,) = ConfirmationFolder(tmp_path / "confirmation").read()
    assert (run.epoch, run.last_epoch) == (1.0, 2.0)


def test_a_kill_before_the_record_leaves_the_older_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "confirmation"
    its = scheduler(folder)
    its.on_trial_end(outcome(its, 0, 0.5))

    def killed(self: ConfirmationFolder, run: object) -> None:
        raise StudyError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(ConfirmationFolder, "write", killed)
        with pytest.raises(StudyError):
            its.on_trial_end(outcome(its, 2, 0.6))
    assert weights(folder) == ["0008-0.safetensors", "0008-1.safetensors"]
    again = scheduler(folder)
    again.on_trial_end(outcome(again, 1, 0.4))  # run 1 of trial 8, now with a lower score than run 0
    assert ConfirmationFolder(folder).has_weights(8, 0)


def test_a_run_that_the_deadline_stops_has_no_record(tmp_path: Path) -> None:
    its = scheduler(tmp_path / "confirmation", deadline=0.0)
    assert its.suggest(2) == []
    assert not its.on_micro_step(1, 1)
    its.on_trial_end(replace(outcome(its, 0, 0.5), state="stopped"))
    assert ConfirmationFolder(tmp_path / "confirmation").read() == []


def test_a_run_that_ends_after_the_deadline_has_a_record(tmp_path: Path) -> None:
    its = scheduler(tmp_path / "confirmation", deadline=0.0)
    assert not its.on_micro_step(1, 1)
    its.on_trial_end(outcome(its, 0, 0.5))
    its.on_trial_end(replace(outcome(its, 1, 0.4), state="fail", kept=None, reason="diverged"))
    found = {
        (run.trial, run.state, run.score) for run in ConfirmationFolder(tmp_path / "confirmation").read()
    }
    assert found == {(8, "complete", 0.5), (0, "fail", None)}


def test_a_lost_workers_runs_are_trained_again(tmp_path: Path) -> None:
    its = scheduler(tmp_path / "confirmation")
    order = [trial for trial, _ in its.waiting]
    taken = its.suggest(2)
    its.on_worker_lost({trial.number for trial in taken}, suspect=True)
    assert its.suggest(9) == order
