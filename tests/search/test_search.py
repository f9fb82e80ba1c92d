"""The search: every trial counts once, and no fault changes that."""

import json
import math
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from adaptkit.errors import StudyError
from adaptkit.search.search import KILLED, KILLED_TWICE, Proposal, Search, open_search
from adaptkit.search.space import Space
from adaptkit.search.storage import STUDY_NAME, close_storage, open_storage
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import RungRecord, TrialRecord
from adaptkit.study.record import TrialState as RecordState

SPACE = Space(
    learning_rate=(1e-5, 2e-4),
    batch_sizes=(8, 16, 32),
    epochs=3,
    default_learning_rate=5e-5,
    default_batch_size=16,
)


def opened(
    study: StudyFolder, trials: int = 8, direction: str = "maximize", seed: int = 0
) -> AbstractContextManager[Search]:
    return open_search(
        study.database, study.read_trials(), space=SPACE, direction=direction, seed=seed, trials=trials
    )


def score_of(proposal: Proposal) -> float:
    return 1.0 - abs(math.log10(proposal.hyperparameters["learning_rate"]) + 4.0)


def record_of(
    proposal: Proposal, state: RecordState = "complete", reason: str = "finished 3 epochs"
) -> TrialRecord:
    score = score_of(proposal)
    rungs = (RungRecord(epoch=1.5, score=score, loss=0.5), RungRecord(epoch=3.0, score=score / 2, loss=0.4))
    return TrialRecord(
        number=proposal.number,
        state=state,
        reason=reason,
        origin=proposal.origin,
        hyperparameters=proposal.hyperparameters,
        seed=proposal.seed,
        rungs=rungs if state != "fail" else (),
        best_rung=0 if state != "fail" else None,
    )


def end(study: StudyFolder, search: Search, record: TrialRecord) -> None:
    study.write_trial(record)
    search.tell(record)


def settle(study: StudyFolder, search: Search) -> None:
    for orphan in search.orphans:
        end(study, search, orphan)


def finish(study: StudyFolder, search: Search, together: int = 3) -> None:
    settle(study, search)
    while proposals := search.ask(together):
        for proposal in proposals:
            search.report(proposal.number, 0, score_of(proposal))
            end(study, search, record_of(proposal))


def optuna_trials(study: StudyFolder) -> list[optuna.trial.FrozenTrial]:
    storage = open_storage(study.database)
    try:
        return optuna.load_study(study_name=STUDY_NAME, storage=storage).trials
    finally:
        close_storage(storage)


@pytest.fixture
def study(tmp_path: Path) -> StudyFolder:
    folder = StudyFolder(tmp_path / "100% {mine}?#")
    with folder.lock():
        pass
    return folder


def test_the_default_comes_first_and_the_total_is_exact(study: StudyFolder) -> None:
    with opened(study, trials=7) as search:
        proposals = search.ask(3)
        assert proposals[0].number == 0
        assert proposals[0].origin == "default"
        assert proposals[0].hyperparameters == {**SPACE.default, **SPACE.fixed}
        assert [proposal.origin for proposal in proposals[1:]] == ["search", "search"]
        assert search.remaining == 4
        for proposal in proposals:
            end(study, search, record_of(proposal))
        assert search.remaining == 4
        finish(study, search)
        assert (search.remaining, search.ask(3)) == (0, [])
    records = study.read_trials()
    assert [record.number for record in records] == list(range(7))
    assert len({record.seed for record in records}) == 7
    for record in records:
        assert 1e-5 <= record.hyperparameters["learning_rate"] <= 2e-4
        assert record.hyperparameters["batch_size"] in SPACE.batch_sizes
    with opened(study, trials=9) as search:
        assert search.remaining == 2


def test_what_optuna_is_told(study: StudyFolder) -> None:
    with opened(study, trials=6) as search:
        complete, pruned, failed, infinite, nan, unscored = search.ask(6)
        search.report(complete.number, 0, score_of(complete))
        search.report(infinite.number, 0, math.inf)
        end(study, search, record_of(complete))
        end(study, search, record_of(pruned, "pruned", "pruned after epoch 0.50"))
        end(study, search, record_of(failed, "fail", "out of memory: 1 example"))
        for proposal, score in ((infinite, math.inf), (nan, math.nan)):
            rungs = (RungRecord(epoch=1, score=score, loss=1),)
            end(study, search, replace(record_of(proposal), rungs=rungs))
        end(study, search, replace(record_of(unscored), rungs=(), best_rung=None))
        assert search.remaining == 0
        with pytest.raises(ValueError, match="trial 0 is COMPLETE, not running"):
            search.tell(record_of(complete))
    told = optuna_trials(study)
    names = ["COMPLETE", "PRUNED", "FAIL", "FAIL", "FAIL", "FAIL"]
    assert [trial.state.name for trial in told] == names
    assert told[0].value == pytest.approx(score_of(complete))
    assert told[0].intermediate_values == {0: score_of(complete), 1: score_of(complete) / 2}
    assert told[1].user_attrs == {"origin": "search", "reason": "pruned after epoch 0.50"}
    assert told[2].user_attrs["reason"] == "out of memory: 1 example"


def test_a_signal_queues_again_without_limit_with_the_same_seed(study: StudyFolder) -> None:
    first: Sequence[Proposal] = ()
    for _ in range(4):
        with opened(study, trials=5) as search:
            assert search.orphans == ()
            proposals = search.ask(2)
            first = first or proposals
            assert [one.hyperparameters for one in proposals] == [one.hyperparameters for one in first]
            assert [one.seed for one in proposals] == [one.seed for one in first]
            assert [one.is_default for one in proposals] == [True, False]
            for proposal in proposals:
                end(study, search, record_of(proposal, "fail", "interrupted: signal 2"))
            assert search.remaining == 5
    with opened(study, trials=5) as search:
        finish(study, search)
    assert proposals[1].origin == "retry of trial 1"
    counting = [record for record in study.read_trials() if not record.interrupted]
    assert len(counting) == 5
    assert [record.is_default for record in counting].count(True) == 1


def test_an_orphan_is_queued_again_once(study: StudyFolder) -> None:
    with opened(study, trials=4) as search:
        lost, kept = search.ask(2)
        end(study, search, record_of(kept))
    for reason in (KILLED, KILLED_TWICE):
        with opened(study, trials=4) as search:
            assert [orphan.reason for orphan in search.orphans] == [reason]
            assert search.orphans[0].hyperparameters == lost.hyperparameters
            assert search.orphans[0].seed == lost.seed
        with opened(study, trials=4) as search:  # killed before the orphan was told: found again
            assert [orphan.reason for orphan in search.orphans] == [reason]
            settle(study, search)
            if reason == KILLED:
                (again,) = search.ask(1)
                assert again.origin == "retry of trial 0"
    with opened(study, trials=4) as search:
        finish(study, search)
    records = study.read_trials()
    assert Counter(record.state for record in records if not record.interrupted) == {"complete": 3, "fail": 1}
    assert [record.number for record in records if record.interrupted] == [0]


def test_a_record_that_optuna_was_not_told_is_believed(study: StudyFolder) -> None:
    with opened(study) as search:
        proposals = search.ask(3)
        study.write_trial(record_of(proposals[0]))
        study.write_trial(record_of(proposals[1], "pruned", "pruned after epoch 0.50"))
        study.write_trial(record_of(proposals[2], "fail", KILLED))
    for _ in range(2):
        with opened(study) as search:
            assert (search.orphans, search.remaining) == ((), 6)
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.WAITING]
    told = optuna_trials(study)
    assert [trial.state for trial in told] == states
    assert told[0].value == pytest.approx(score_of(proposals[0]))


def draws(study: StudyFolder, seed: int, count: int) -> list[float]:
    with opened(study, seed=seed, trials=20) as search:
        settle(study, search)
        proposals = search.ask(count)
        for proposal in proposals:
            end(study, search, record_of(proposal))
    return [proposal.hyperparameters["learning_rate"] for proposal in proposals]


def test_draws_depend_on_seed_and_number_and_never_repeat(tmp_path: Path) -> None:
    names = ("at once", "in two", "other seed")
    at_once, in_two, other = (StudyFolder(tmp_path / name) for name in names)
    for study in (at_once, in_two, other):
        with study.lock():
            pass
    whole = [rate for _ in range(3) for rate in draws(at_once, 0, 3)]
    assert draws(in_two, 0, 3) + draws(in_two, 0, 3) + draws(in_two, 0, 3) == whole
    assert len(set(whole)) == 9
    assert set(draws(other, 1, 3)[1:]).isdisjoint(whole)


def test_importances_name_what_matters_and_keep_silent_on_little(study: StudyFolder) -> None:
    with opened(study, trials=24) as search:
        assert search.importances() == {}
        for proposal in search.ask(5):
            end(study, search, record_of(proposal))
        assert search.importances() == {}
        for proposal in search.ask(10):
            end(study, search, record_of(proposal, "fail", "out of memory"))
        assert search.importances() == {}
        finish(study, search, together=5)
        shares = search.importances()
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["learning_rate"] > shares["batch_size"]


def test_importances_of_equal_scores_are_none(study: StudyFolder) -> None:
    with opened(study, trials=10) as search:
        for proposal in search.ask(10):
            rungs = (RungRecord(epoch=1, score=0.5, loss=1),)
            end(study, search, replace(record_of(proposal), rungs=rungs))
        assert search.importances() == {}


def test_minimizing_is_maximizing_turned_round(tmp_path: Path) -> None:
    rates = []
    for direction, sign in (("maximize", 1), ("minimize", -1), ("minimize", 1)):
        study = StudyFolder(tmp_path / f"{direction} {sign}")
        with study.lock(), opened(study, direction=direction, trials=9) as search:
            while proposals := search.ask(3):
                for proposal in proposals:
                    rung = RungRecord(epoch=3, score=sign * score_of(proposal), loss=1)
                    end(study, search, replace(record_of(proposal), rungs=(rung,)))
        rates.append([trial.hyperparameters["learning_rate"] for trial in study.read_trials()])
    assert rates[0] == rates[1] != rates[2]


def halve(database: Path) -> None:
    content = database.read_bytes()
    database.write_bytes(content[: len(content) // 2])


def cut(size: int) -> Callable[[Path], None]:
    def to_size(database: Path) -> None:
        os.truncate(database, size)

    return to_size


def scramble(database: Path) -> None:
    content = bytearray(database.read_bytes())
    content[4096:] = random.Random(0).randbytes(len(content) - 4096)
    database.write_bytes(content)


def forget_the_last(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("DELETE FROM trials WHERE number = (SELECT MAX(number) FROM trials)")
    connection.commit()
    connection.close()


def other_version(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("UPDATE alembic_version SET version_num = 'v9.9.9'")
    connection.commit()
    connection.close()


def other_study(database: Path) -> None:
    database.unlink()
    other = StudyFolder(database.parent / "other")
    with other.lock(), opened(other, seed=99, trials=8) as search:
        finish(other, search)
    other.database.replace(database)


FAULTS = [Path.unlink, halve, cut(0), cut(50), cut(4096), scramble, forget_the_last]
FAULTS += [other_version, other_study, lambda path: path.write_bytes(b"<html>" * 1000) and None]


@pytest.fixture(scope="module")
def half_done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = StudyFolder(tmp_path_factory.mktemp("studies") / "half done")
    with study.lock(), opened(study, trials=9) as search:
        proposals = search.ask(6)  # the default, trial 0, is lost
        end(study, search, record_of(proposals[1]))
        end(study, search, record_of(proposals[2], "pruned", "pruned after epoch 0.50"))
        end(study, search, record_of(proposals[3], "fail", "out of memory"))
        end(study, search, record_of(proposals[4], "fail", "interrupted: signal 15"))
        end(study, search, record_of(proposals[5]))
        end(study, search, record_of(search.ask(1)[0]))
    return study.path


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__qualname__)
def test_a_damaged_database_is_kept_aside_and_rebuilt(
    tmp_path: Path, half_done: Path, fault: Callable[[Path], None]
) -> None:
    study = StudyFolder(shutil.copytree(half_done, tmp_path / "mine"))
    before = study.read_trials()
    whole = study.database.read_bytes()
    fault(study.database)
    damaged = study.database.read_bytes() if study.database.exists() else whole
    with opened(study, trials=9) as search:
        assert len(search.warnings) == 1
        assert "rebuilt from 6 trial records" in search.warnings[0]
        assert search.orphans == ()
        assert search.remaining == 4
        finish(study, search)
    kept = sorted(study.path.glob("study.db.broken-*"))
    assert [path.read_bytes() == damaged for path in kept] == ([True] if fault is not Path.unlink else [])
    after = study.read_trials()
    assert [record for record in after if record in before] == before
    assert sum(not record.interrupted for record in after) == 9
    assert sum(record.is_default and record.state == "complete" for record in after) == 1
    told = {trial.number: trial for trial in optuna_trials(study)}
    assert all(told[record.number].value == record.score for record in after if record.state == "complete")
    with opened(study, trials=9) as search:
        assert (search.warnings, search.remaining) == ([], 0)


def test_damage_without_any_record_begins_anew(study: StudyFolder) -> None:
    study.database.write_bytes(b"x" * 5000)
    with opened(study, trials=2) as search:
        assert "rebuilt from 0 trial records" in search.warnings[0]
        assert search.ask(1)[0].origin == "default"


def test_a_stale_journal_is_not_played_into_the_rebuilt_database(study: StudyFolder) -> None:
    with opened(study, trials=3) as search:
        finish(study, search)
    journal = study.path / "study.db-journal"
    holder = sqlite3.connect(study.database, isolation_level=None)
    holder.execute("PRAGMA cache_size = 1")
    holder.execute("BEGIN")
    holder.execute("CREATE TABLE much AS SELECT randomblob(500000)")
    hot = journal.read_bytes()
    holder.execute("ROLLBACK")
    holder.close()
    journal.write_bytes(hot)
    study.database.unlink()
    with opened(study, trials=3) as search:
        assert (len(search.warnings), search.remaining) == (1, 0)
    assert [trial.state for trial in optuna_trials(study)] == [TrialState.COMPLETE] * 3


def test_a_record_outside_the_space_is_told(study: StudyFolder) -> None:
    with opened(study, trials=3) as search:
        finish(study, search)
    bad = study.read_trials()[1]
    study.write_trial(replace(bad, hyperparameters={**bad.hyperparameters, "learning_rate": 7.0}))
    with (
        pytest.raises(StudyError, match="the record of trial 1 is not of this study's search space"),
        opened(study),
    ):
        pass


def test_nothing_of_optuna_reaches_the_terminal(
    study: StudyFolder, capfd: pytest.CaptureFixture[str]
) -> None:
    with opened(study) as search:
        finish(study, search)
    assert capfd.readouterr() == ("", "")


def test_a_full_disk_is_told_and_the_study_goes_on(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        study = StudyFolder(disk / "mine")
        with study.lock(), opened(study, trials=6) as search:
            proposals = search.ask(2)
            end(study, search, record_of(proposals[0]))
        with suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
            while filler.write(bytes(4096)):
                pass
        match = r"study\.db cannot be used.*run the same command again"
        with pytest.raises(StudyError, match=match), opened(study, trials=6) as search:
            search.ask(1)
        (disk / "filler").unlink()
        with study.lock(), opened(study, trials=6) as search:
            finish(study, search)
        assert Counter(one.state for one in study.read_trials() if not one.interrupted) == {"complete": 6}
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def work(study: StudyFolder, trials: int, seen: Path) -> None:
    """A whole run of a study, as the engine's glue does it; says what it has acknowledged."""
    with study.lock(), opened(study, trials=trials) as search:
        settle(study, search)
        while proposals := search.ask(3):
            for proposal in proposals:
                search.report(proposal.number, 0, score_of(proposal))
                time.sleep(0.06)
                record = record_of(proposal)
                study.write_trial(record)
                with seen.open("a") as file:
                    file.write(json.dumps([record.number, record.score]) + "\n")
                search.tell(record)


def test_killed_ten_times_nothing_acknowledged_is_lost_and_the_total_is_exact(tmp_path: Path) -> None:
    chance = random.Random(0)
    study = StudyFolder(tmp_path / "killed")
    seen = tmp_path / "seen"
    kills, runs, total = 0, 0, 12
    while True:
        process = multiprocessing.get_context("fork").Process(target=work, args=(study, total, seen))
        process.start()
        if kills < 10:
            time.sleep(chance.uniform(0.02, 0.3))
            assert process.pid is not None
            os.kill(process.pid, signal.SIGKILL)
        process.join(timeout=60)
        runs += 1
        kills += process.exitcode == -signal.SIGKILL
        assert process.exitcode in (0, -signal.SIGKILL)
        if process.exitcode == 0:
            break
    assert kills >= 2, "the study was over before it was killed"
    records = {record.number: record for record in study.read_trials()}
    acknowledged = [json.loads(line) for line in seen.read_text().splitlines()]
    assert len(dict(acknowledged)) == len(acknowledged), "a finished trial was trained again"
    for number, score in acknowledged:
        assert records[number].score == score
    counting = [record for record in records.values() if not record.interrupted]
    assert len(counting) == total
    twice = [record for record in counting if record.state == "fail"]
    assert all(record.reason == KILLED_TWICE for record in twice)
    told = [trial for trial in optuna_trials(study) if trial.state != TrialState.WAITING]
    assert not [trial for trial in told if trial.state == TrialState.RUNNING]
    counted = [t.number for t in told if not t.user_attrs["reason"].startswith("interrupted")]
    assert counted == sorted(record.number for record in counting)
    assert not list(study.path.glob("study.db.broken-*")), "a kill is no damage"


def test_deaths_of_many_together_are_counted_against_none(study: StudyFolder) -> None:
    for attempt in range(4):  # killed with three trials in it, again and again
        with opened(study, trials=3) as search:
            for orphan in search.orphans:
                assert orphan.interrupted
                study.write_trial(orphan)
                search.tell(orphan)
            assert len(search.ask(3)) == 3, attempt
    with opened(study, trials=3) as search:
        finish(study, search)
    counting = [record for record in study.read_trials() if not record.interrupted]
    assert [record.state for record in counting] == ["complete"] * 3
    assert [record.is_default for record in counting].count(True) == 1
