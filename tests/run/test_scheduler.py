"""The scheduler with a real search and a real folder, and with invented results of the engine."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch
from rich.console import Console

from adaptkit.config import SearchConfig
from adaptkit.engine.types import UNSCORED, Trial
from adaptkit.errors import Interrupted, StudyError
from adaptkit.report.progress import Progress
from adaptkit.run.ended_trials import WEIGHTS_KEPT, EndedTrials
from adaptkit.run.evaluations import BEST_RUNG, EvaluationRule
from adaptkit.run.scheduler import Rules, TrialScheduler
from adaptkit.search.search import Search, open_search
from adaptkit.search.space import space_for
from adaptkit.strategies.registry import built_in
from adaptkit.study.folder import StudyFolder
from adaptkit.task import SearchHints
from tests.helpers.outcomes import ended, report

Make = Callable[..., TrialScheduler]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[StudyFolder]:
    study = StudyFolder(tmp_path / "study")
    with study.lock():
        yield study


@pytest.fixture
def make(folder: StudyFolder) -> Iterator[Make]:
    space = space_for(built_in("full"), SearchConfig(epochs=2), SearchHints(), rows=1000)
    with ExitStack() as stack:

        def scheduler(
            *, trials: int = 8, pruning: bool = False, rule: EvaluationRule = BEST_RUNG,
            deadline: float = math.inf, check: Callable[[], None] = lambda: None,
        ) -> TrialScheduler:  # fmt: skip
            search: Search = stack.enter_context(
                open_search(
                    folder.database, folder.read_trials(), space=space, direction="maximize", seed=0,
                    trials=trials,
                )
            )  # fmt: skip
            progress = Progress(Console(file=io.StringIO()), trials, "f1", "maximize")
            rules = Rules(metric="f1", rungs=4, pruning=pruning, evaluations=rule)
            ended = EndedTrials(folder, "maximize")
            return TrialScheduler(search, ended, progress, rules, deadline=deadline, check=check)

        yield scheduler


def finish(scheduler: TrialScheduler, trials: Sequence[Trial], scores: Sequence[float]) -> None:
    for trial, score in zip(trials, scores, strict=True):
        best = report(trial, 0, score)
        scheduler.on_rung_end([best])
        scheduler.on_trial_end(ended(trial, best))


def test_a_suggestion_is_a_trial_of_the_engine(make: Make) -> None:
    scheduler = make()
    first, second = scheduler.suggest(2)
    assert (first.number, second.number) == (0, 1)
    assert first.seed != second.seed
    assert isinstance(first.batch_size, int)
    assert first.epochs == 2
    assert scheduler.suggest(99)[-1].number == 7
    assert scheduler.suggest(1) == []


def test_an_ended_trial_is_on_disk_and_in_optuna(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    (trial,) = scheduler.suggest(1)
    best, kept = report(trial, 0, 0.6), report(trial, 1, 0.5)
    assert scheduler.on_rung_end([best]) == {}
    assert scheduler.on_rung_end([kept]) == {}
    scheduler.on_trial_end(ended(trial, kept))
    (record,) = folder.read_trials()
    assert (record.state, record.score, record.best_rung, record.seconds) == ("complete", 0.5, 1, 1.5)
    assert [rung.score for rung in record.rungs] == [0.6, 0.5]
    assert record.groups == {"PER": {"f1": 0.5}}
    assert scheduler.search.remaining == 7
    assert scheduler.running == {}


def test_only_the_weights_of_the_best_trials_are_kept(make: Make, folder: StudyFolder) -> None:
    from safetensors.torch import load_file

    scheduler = make()
    scores = [0.5, 0.1, 0.9, 0.2, 0.7, 0.9]
    finish(scheduler, scheduler.suggest(6), scores)
    kept = [number for number in range(6) if folder.weights(number)]
    assert len(kept) == WEIGHTS_KEPT
    assert kept == [2, 4, 5]
    path = folder.weights(4)
    assert path is not None
    torch.testing.assert_close(load_file(path)["row"], torch.full((3,), 0.7))


def test_a_failed_trial_has_a_reason_and_no_weights(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    (trial,) = scheduler.suggest(1)
    best = report(trial, 0, 0.5)
    scheduler.on_rung_end([best])
    scheduler.on_trial_end(ended(trial, best, "fail", "diverged: loss nan after epoch 1"))
    (record,) = folder.read_trials()
    assert (record.state, record.reason) == ("fail", "diverged: loss nan after epoch 1")
    assert folder.weights(0) is None


def test_a_signal_queues_the_running_trials_again(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    before = time.monotonic()
    first, second = scheduler.suggest(2)
    finish(scheduler, [first], [0.5])
    scheduler.on_rung_end([report(second, 0, 0.25)])
    time.sleep(0.05)
    scheduler.interrupt("stopped by signal 2")
    record = folder.read_trials()[1]
    assert (record.state, record.interrupted, len(record.rungs)) == ("fail", True, 1)
    assert 0.05 <= record.seconds <= time.monotonic() - before
    assert scheduler.search.remaining == 7
    (again,) = scheduler.suggest(1)
    assert (again.learning_rate, again.batch_size, again.seed) == (
        second.learning_rate, second.batch_size, second.seed,
    )  # fmt: skip


def test_a_signal_is_noticed_at_every_step(make: Make) -> None:
    def signalled() -> None:
        raise Interrupted(15)

    scheduler = make(check=signalled)
    with pytest.raises(Interrupted):
        scheduler.on_micro_step(8, 100)
    with pytest.raises(Interrupted):
        scheduler.suggest(1)


def test_after_the_deadline_everything_stops(make: Make) -> None:
    scheduler = make(deadline=time.monotonic() + 60)
    assert scheduler.suggest(1)
    assert scheduler.on_micro_step(8, 100)
    scheduler.deadline = time.monotonic()
    assert not scheduler.on_micro_step(8, 100)
    assert scheduler.suggest(1) == []


def test_a_trial_without_a_score_at_the_deadline_runs_later(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    scored, unscored = scheduler.suggest(2)
    best = report(scored, 0, 0.5)
    scheduler.on_rung_end([best])
    scheduler.deadline = time.monotonic()
    assert not scheduler.on_micro_step(8, 100)
    scheduler.on_trial_end(ended(unscored, None, "stopped", UNSCORED))
    reason = "stopped after epoch 0.50: the timeout was reached"
    scheduler.on_trial_end(ended(scored, best, "stopped", reason))
    assert scheduler.cut_short == 1
    first, second = folder.read_trials()
    assert (first.state, first.reason, second.interrupted) == ("complete", reason, True)
    assert scheduler.search.remaining == 7


def test_a_trial_that_ends_after_the_deadline_is_not_stopped(make: Make, folder: StudyFolder) -> None:
    scheduler = make()
    complete, failed = scheduler.suggest(2)
    best = report(complete, 0, 0.5)
    scheduler.deadline = time.monotonic()
    assert not scheduler.on_micro_step(8, 100)
    scheduler.on_rung_end([best])
    scheduler.on_trial_end(ended(complete, best))
    scheduler.on_trial_end(ended(failed, None, "fail", "out of memory"))
    assert scheduler.cut_short == 0
    first, second = folder.read_trials()
    assert (first.state, first.reason) == ("complete", "done")
    assert (second.reason, second.interrupted) == ("out of memory", False)
    assert scheduler.search.remaining == 6


def test_the_vocabulary_is_kept_with_the_parameters(make: Make) -> None:
    from safetensors.torch import load_file

    scheduler = make()
    scheduler.ended.vocabulary = torch.tensor([3, 5, 8])
    finish(scheduler, scheduler.suggest(1), [0.5])
    path = scheduler.ended.folder.weights(0)
    assert path is not None
    assert load_file(path)["vocabulary"].tolist() == [3, 5, 8]


def test_trials_that_end_with_a_rung_count_at_that_rung(make: Make) -> None:
    scheduler = make(pruning=True)
    early = scheduler.suggest(3)
    for rung in range(3):
        assert scheduler.on_rung_end([report(trial, rung, 0.7 + trial.number / 10) for trial in early]) == {}
    late = scheduler.suggest(2)
    ending = [report(trial, 3, 0.7) for trial in early]
    assert set(scheduler.on_rung_end([*ending, *(report(trial, 0, 0.1) for trial in late)])) == {3, 4}


def test_the_best_third_of_all_continues_and_the_default(make: Make) -> None:
    scheduler = make(pruning=True)
    trials = scheduler.suggest(8)
    reports = [report(trial, 0, trial.number / 10) for trial in trials]
    reasons = scheduler.on_rung_end(reports)
    assert set(reasons) == {1, 2, 3, 4}
    assert all("best third" in reason for reason in reasons.values())
    for number, reason in reasons.items():
        scheduler.on_trial_end(ended(trials[number], reports[number], "pruned", reason))
    later = [report(trials[number], 1, number / 10) for number in (0, 5, 6, 7)]
    assert set(scheduler.on_rung_end(later)) == {5}, "two of all eight continue, and the default"


def test_a_trial_that_lost_patience_counts_to_the_last_rung(make: Make) -> None:
    scheduler = make(pruning=True)
    trials = scheduler.suggest(6)
    for trial in trials[2:5]:
        best = report(trial, 0, 0.9)
        scheduler.on_rung_end([best])
        scheduler.on_trial_end(ended(trial, best))
    weak = trials[1]
    scheduler.on_rung_end([report(weak, 0, 0.9)])
    assert set(scheduler.on_rung_end([report(weak, 1, 0.8)])) == set()  # its best score is as good as theirs
    late = trials[5]
    scheduler.on_rung_end([report(late, 0, 0.5)])
    assert set(scheduler.on_rung_end([report(late, 1, 0.6)])) == {late.number}


def test_trials_get_their_rule(make: Make) -> None:
    trials = make(rule=EvaluationRule(patience=5, tolerance=1.0)).suggest(2)
    assert {(trial.patience, trial.tolerance) for trial in trials} == {(5, 1.0)}


def test_without_pruning_all_continue(make: Make) -> None:
    scheduler = make(pruning=False)
    trials = scheduler.suggest(6)
    assert scheduler.on_rung_end([report(trial, 0, 0.1 * trial.number) for trial in trials]) == {}


def test_an_acknowledged_trial_survives_later_errors(
    make: Make, folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    scheduler = make()
    first, second = scheduler.suggest(2)
    best = report(first, 0, 0.5)
    scheduler.on_rung_end([best])
    tell = scheduler.search.tell

    def locked(record: object) -> None:
        raise StudyError("study.db is locked")

    monkeypatch.setattr(scheduler.search, "tell", locked)
    with pytest.raises(StudyError, match="is locked"):
        scheduler.on_trial_end(ended(first, best))
    monkeypatch.setattr(scheduler.search, "tell", tell)
    scheduler.interrupt("StudyError: study.db is locked")  # as `adaptkit.tune` does after such an error
    kept, cut_short = folder.read_trials()
    assert (kept.number, kept.state, kept.score) == (first.number, "complete", 0.5)
    assert (cut_short.number, cut_short.interrupted) == (second.number, True)
    assert make().search.remaining == 7  # Optuna gets the result when the study is opened again


def test_a_lost_workers_trials_are_suggested_again(make: Make, folder: StudyFolder) -> None:
    scheduler = make(trials=3)
    first, second, third = scheduler.suggest(3)
    scheduler.on_trial_end(ended(third, None, state="pruned"))
    scheduler.on_worker_lost({first.number, second.number}, suspect=True)
    again = scheduler.suggest(3)
    assert [(one.learning_rate, one.batch_size, one.seed) for one in again] == [
        (one.learning_rate, one.batch_size, one.seed) for one in (first, second)
    ]
    assert [one.number for one in again] == [3, 4]
    records = {record.number: record for record in folder.read_trials()}
    assert [records[number].interrupted for number in (0, 1, 2)] == [True, True, False]
    for trial in again:
        scheduler.on_trial_end(ended(trial, None, state="pruned"))
    assert scheduler.suggest(3) == []


def test_a_trial_that_ends_its_worker_twice_has_failed(make: Make, folder: StudyFolder) -> None:
    scheduler = make(trials=1)
    for _ in range(2):
        (trial,) = scheduler.suggest(1)
        scheduler.on_worker_lost({trial.number}, suspect=True)
    assert scheduler.suggest(1) == []
    assert [record.interrupted for record in folder.read_trials()] == [True, False]
