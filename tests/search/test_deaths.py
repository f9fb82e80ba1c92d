"""What is left of a search whose process dies, or whose disk is full: all that was acknowledged."""

import json
import multiprocessing
import os
import random
import signal
import subprocess
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState
from sqlalchemy.engine import Engine
from sqlalchemy.event import listen

from adaptkit.errors import StudyError
from adaptkit.search.search import KILLED_TWICE, NOT_BEGUN
from adaptkit.study.folder import StudyFolder
from tests.helpers.searches import (
    end,
    finish,
    opened,
    optuna_trials,
    record_of,
    score_of,
    settle,
)


def test_a_full_disk_is_told_and_the_study_goes_on(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a tmpfs is not permitted here")
    try:
        study = StudyFolder(disk / "mine")
        with study.lock(), opened(study, trials=6) as search:
            suggestions = search.ask(2)
            end(study, search, record_of(suggestions[0]))
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
        while suggestions := search.ask(3):
            for suggestion in suggestions:
                search.report(suggestion.number, 0, score_of(suggestion))
                time.sleep(0.06)
                record = record_of(suggestion)
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


def ask_and_die(study: StudyFolder, writes: int) -> None:
    """Asks for two trials, and is killed before the hyperparameter of number ``writes`` is written."""
    written = []

    def count(*event: Any) -> None:
        statement = event[2]
        if statement.startswith("INSERT INTO trial_params"):
            written.append(statement)
        if len(written) == writes:
            os.kill(os.getpid(), signal.SIGKILL)

    listen(Engine, "before_cursor_execute", count)
    with study.lock(), opened(study, trials=5) as search:
        search.ask(2)


@pytest.mark.parametrize(("writes", "number"), [(2, 0), (4, 1)])
def test_killed_between_two_hyperparameters_a_trial_has_not_begun(
    writes: int, number: int, study: StudyFolder
) -> None:
    process = multiprocessing.get_context("fork").Process(target=ask_and_die, args=(study, writes))
    process.start()
    process.join(timeout=60)
    assert process.exitcode == -signal.SIGKILL
    assert len(optuna_trials(study)[number].params) == 1
    with study.lock(), opened(study, trials=5) as search:
        assert number not in [orphan.number for orphan in search.orphans]
        finish(study, search)
    assert optuna_trials(study)[number].state == TrialState.FAIL
    assert optuna_trials(study)[number].user_attrs["reason"] == NOT_BEGUN
    records = study.read_trials()
    assert number not in [record.number for record in records], "nothing to tell of it"
    counting = [record for record in records if not record.interrupted]
    assert [record.state for record in counting] == ["complete"] * 5
    assert [record.is_default for record in counting].count(True) == 1
