"""Lost records are rebuilt from the database; trials of which it kept none are trained again."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

from adaptkit.errors import StudyError
from adaptkit.search.repair import LOST
from adaptkit.study.folder import StudyFolder
from tests.helpers.searches import end, finish, opened, record_of


def made(study: StudyFolder) -> dict[int, bytes]:
    """A study of five trials, one of them pruned and one failed: number → its record."""
    with study.lock(), opened(study, trials=5) as search:
        first, second, third = search.ask(3)
        end(study, search, record_of(first))
        end(study, search, record_of(second, "pruned", "pruned after epoch 1.5"))
        end(study, search, record_of(third, "fail", "out of memory"))
        finish(study, search)
    return {int(path.stem): path.read_bytes() for path in study.trials.glob("0*.json")}


@pytest.mark.parametrize("number", range(5))
def test_a_lost_record_is_rebuilt(number: int, study: StudyFolder) -> None:
    before = made(study)
    (study.trials / f"{number:04d}.json").unlink()
    with study.lock(), opened(study, trials=5) as search:
        assert [record.number for record in search.recovered] == [number]
        assert search.warnings == [
            f"the record of trial {number} was missing or could not be read; it was rebuilt from study.db"
        ]
        assert (search.remaining, search.orphans) == (0, ())
        study.write_trial(search.recovered[0])
    assert (study.trials / f"{number:04d}.json").read_bytes() == before[number]
    with study.lock(), opened(study, trials=5) as search:
        assert (list(search.recovered), list(search.warnings)) == ([], [])


def test_all_records_are_rebuilt(study: StudyFolder) -> None:
    before = made(study)
    for number in before:
        (study.trials / f"{number:04d}.json").unlink()
    with study.lock(), opened(study, trials=6) as search:
        for record in search.recovered:
            study.write_trial(record)
        finish(study, search)
    now = {int(path.stem): path.read_bytes() for path in study.trials.glob("0*.json")}
    assert {number: now[number] for number in before} == before
    assert sorted(now) == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("kept", ["", "{", '{"number": 4}', "[" * 100_000])
def test_without_a_kept_record_the_trial_is_trained_again(kept: str, study: StudyFolder) -> None:
    """As in studies of version 0.1.0. A failed trial is not."""
    made(study)
    with closing(sqlite3.connect(study.database)) as connection, connection:
        value = "UPDATE trial_user_attributes SET value_json = json_quote(?) WHERE key = 'record'"
        connection.execute(value, (kept,))
    for number in (0, 2):
        (study.trials / f"{number:04d}.json").unlink()
    with study.lock(), opened(study, trials=5) as search:
        found = {record.number: record for record in search.recovered}
        assert (found[0].reason, found[2].reason) == (LOST, "out of memory")
        assert search.remaining == 1
        for record in search.recovered:
            study.write_trial(record)
    with study.lock(), opened(study, trials=5) as search:
        assert list(search.recovered) == []
        (retry,) = search.ask(5)
        assert retry.origin == "retry of trial 0"
        assert retry.hyperparameters == found[0].hyperparameters
        end(study, search, record_of(retry))
        assert search.remaining == 0
    counting = [one for one in study.read_trials() if not one.interrupted]
    assert len(counting) == 5
    assert len(list(study.path.glob("study.db.broken-*"))) == 1, "the old database is kept"


def test_a_database_that_is_removed_is_not_created_again(study: StudyFolder) -> None:
    with study.lock(), opened(study, trials=5) as search:
        (first,) = search.ask(1)
        study.database.unlink()
        study.write_trial(record_of(first))
        with pytest.raises(StudyError, match=r"study\.db cannot be used: .*it was removed"):
            search.tell(record_of(first))
        assert not study.database.exists()
    with study.lock(), opened(study, trials=5) as search:
        assert "It was rebuilt from 1 trial records" in search.warnings[0]
        assert search.remaining == 4
