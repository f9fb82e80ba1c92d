"""A search whose process is killed, or whose disk is full, keeps every acknowledged trial."""

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
from adaptkit.search.attempts import KILLED_TWICE, NOT_BEGUN
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


def test_a_full_disk_is_reported_and_loses_no_trial(tmp_path: Path) -> None:
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
        with pytest.raises(StudyError) as error, opened(study, trials=6) as search:
            search.ask(1)
        assert error.value.code == "storage-not-usable"
        assert "run the same command again" in error.value.next_step
        (disk / "filler").unlink()
        with study.lock(), opened(study, trials=6) as search:
            finish(study, search)
        assert Counter(one.state for one in study.read_trials() if not one.interrupted) == {"complete": 6}
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def work(study: StudyFolder, trials: int, seen: Path) -> None:
    """Runs a study to its end without training, and writes each acknowledged trial to ``seen``."""
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


def test_ten_kills_lose_no_trial_and_the_total_is_exact(tmp_path: Path) -> None:
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
        process.join(timeout=300)
        runs += 1
        kills += process.exitcode == -signal.SIGKILL
        assert process.exitcode in (0, -signal.SIGKILL)
        if process.exitcode == 0:
            break
    assert kills >= 2, "the study ended before it could be killed"
    records = {record.number: record for record in study.read_trials()}
    acknowledged = [json.loads(line) for line in seen.read_text().splitlines()]
    assert len(dict(acknowledged)) == len(acknowledged), "a finished trial was trained again"
    for number, score in acknowledged:
        assert records[number].score == score
    counting = [record for record in records.values() if not record.interrupted]
    assert len(counting) == total
    twice = [record for record in counting if record.state == "fail"]
    assert all(record.reason == KILLED_TWICE for record in twice)
    started = [trial for trial in optuna_trials(study) if trial.state != TrialState.WAITING]
    assert not [trial for trial in started if trial.state == TrialState.RUNNING]
    counted = [t.number for t in started if not t.user_attrs["reason"].startswith("interrupted")]
    assert counted == sorted(record.number for record in counting)
    assert not list(study.path.glob("study.db.broken-*")), "a kill does not damage the database"


def test_kills_of_several_trials_at_once_count_for_none(study: StudyFolder) -> None:
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
    """Asks for two trials, and kills itself before it writes the hyperparameter number ``writes``."""
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
def test_a_trial_without_all_hyperparameters_has_not_begun(
    writes: int, number: int, study: StudyFolder
) -> None:
    process = multiprocessing.get_context("fork").Process(target=ask_and_die, args=(study, writes))
    process.start()
    process.join(timeout=300)
    assert process.exitcode == -signal.SIGKILL
    assert len(optuna_trials(study)[number].params) == 1
    with study.lock(), opened(study, trials=5) as search:
        assert number not in [orphan.number for orphan in search.orphans]
        finish(study, search)
    assert optuna_trials(study)[number].state == TrialState.FAIL
    assert optuna_trials(study)[number].user_attrs["reason"] == NOT_BEGUN
    records = study.read_trials()
    assert number not in [record.number for record in records], "there is nothing to record"
    counting = [record for record in records if not record.interrupted]
    assert [record.state for record in counting] == ["complete"] * 5
    assert [record.is_default for record in counting].count(True) == 1
