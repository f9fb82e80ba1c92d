"""A damaged database is kept aside and rebuilt from the trial records."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import TrialState

from adaptkit.errors import StudyError
from adaptkit.search.suggestion import DRAWN_FOR
from adaptkit.study.folder import StudyFolder
from tests.helpers.searches import end, finish, opened, optuna_trials, record_of


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
        suggestions = search.ask(6)  # the default, trial 0, is lost
        end(study, search, record_of(suggestions[1]))
        end(study, search, record_of(suggestions[2], "pruned", "pruned after epoch 0.50"))
        end(study, search, record_of(suggestions[3], "fail", "out of memory"))
        end(study, search, record_of(suggestions[4], "fail", "interrupted: signal 15"))
        end(study, search, record_of(suggestions[5]))
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
    trials = {trial.number: trial for trial in optuna_trials(study)}
    assert all(trials[record.number].value == record.score for record in after if record.state == "complete")
    with opened(study, trials=9) as search:
        assert (search.warnings, search.remaining) == ([], 0)


def test_damage_without_records_starts_from_the_beginning(study: StudyFolder) -> None:
    study.database.write_bytes(b"x" * 5000)
    with opened(study, trials=2) as search:
        assert "rebuilt from 0 trial records" in search.warnings[0]
        assert search.ask(1)[0].origin == "default"


def drawn(study: StudyFolder, *, by: str, damaged: bool) -> list[tuple[int, object]]:
    """The trials that a study draws whose second one was interrupted, by the rules of a version."""
    with study.lock(), opened(study, trials=8) as search:
        suggestions = search.ask(3)
        if by == "0.1.0":
            forget_what_draws_depend_on(study.database)
        end(study, search, record_of(suggestions[0]))
        end(study, search, record_of(suggestions[1], "fail", "interrupted: signal 15"))
        end(study, search, record_of(suggestions[2]))
    with opened(study, trials=8) as search:
        for _ in range(3):
            end(study, search, record_of(search.ask(1)[0]))
    if damaged:
        scramble(study.database)
    with opened(study, trials=8) as search:
        assert len(search.warnings) == damaged
        assert search._counts_trials == (by == "0.1.0")
        return [(one.seed, one.hyperparameters) for one in search.ask(3)]


def forget_what_draws_depend_on(database: Path) -> None:
    connection = sqlite3.connect(database)
    connection.execute("DELETE FROM study_user_attributes WHERE key = ?", (DRAWN_FOR,))
    connection.commit()
    connection.close()


@pytest.mark.parametrize("by", ["0.1.0", "today"])
def test_a_rebuilt_study_draws_by_the_same_rules(by: str, tmp_path: Path) -> None:
    whole, damaged = (
        drawn(StudyFolder(tmp_path / str(damaged)), by=by, damaged=damaged) for damaged in (False, True)
    )
    assert whole == damaged


def test_a_rebuilt_study_without_retries_draws_as_today(half_done: Path, tmp_path: Path) -> None:
    """Trial 0 is lost: its place is taken, so that no draw is repeated."""
    study = StudyFolder(shutil.copytree(half_done, tmp_path / "mine"))
    study.database.unlink()
    with opened(study, trials=9) as search:
        assert not search._counts_trials


def test_an_old_journal_is_not_applied_to_the_rebuilt_file(study: StudyFolder) -> None:
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


def test_a_record_outside_the_space_is_reported(study: StudyFolder) -> None:
    with opened(study, trials=3) as search:
        finish(study, search)
    bad = study.read_trials()[1]
    study.write_trial(replace(bad, hyperparameters={**bad.hyperparameters, "learning_rate": 7.0}))
    with pytest.raises(StudyError, match=r"trial 1 .*0001\.json") as error, opened(study):
        pass
    assert error.value.code == "record-outside-space"
