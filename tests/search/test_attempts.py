"""With splits, each configuration has another one, and keeps it when its trial is tried again."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace

import pytest

from adaptkit.search import attempts
from adaptkit.search.search import Search, open_search
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import INTERRUPTED
from tests.helpers.searches import SPACE, end, finish, record_of, settle


def opened(study: StudyFolder, trials: int = 6) -> AbstractContextManager[Search]:
    return open_search(
        study.database, study.read_trials(), space=SPACE, direction="maximize", seed=0, trials=trials,
        reshuffle=True,
    )  # fmt: skip


def test_each_trial_has_another_split(study: StudyFolder) -> None:
    with opened(study) as search:
        assert search.splits == 6
        assert [one.split for one in search.ask(6)] == list(range(6))


def test_a_trial_that_was_killed_keeps_its_split(study: StudyFolder) -> None:
    with opened(study) as search:
        first = search.ask(3)
        end(study, search, record_of(first[0]))  # the process is killed here
    with opened(study) as search:
        assert [one.split for one in search.orphans] == [1, 2]
        settle(study, search)
        assert search.splits == 6
        again = search.ask(5)
        assert [one.origin for one in again[:2]] == ["retry of trial 1", "retry of trial 2"]
        assert [one.split for one in again] == [1, 2, 3, 4, 5]
        assert [one.seed for one in again[:2]] == [one.seed for one in first[1:]]


def test_a_trial_that_had_not_begun_leaves_no_split_out(study: StudyFolder) -> None:
    with opened(study) as search:
        search.ask(1)
        search._study.ask()  # the process is killed here, before it writes a hyperparameter of trial 1
    with opened(study) as search:
        settle(study, search)
        assert search.splits == 6
        again = search.ask(6)
        assert [one.number for one in again] == [2, 3, 4, 5, 6, 7]
        assert [one.split for one in again] == list(range(6))
        assert search.splits == 6


def test_a_recorded_split_is_kept(study: StudyFolder) -> None:
    with opened(study) as search:
        first, second = search.ask(2)
        end(study, search, record_of(first))
        end(study, search, replace(record_of(second, "fail", f"{INTERRUPTED}: SIGINT"), split=7))
    with opened(study) as search:
        assert search.splits == 8
        assert [one.split for one in search.ask(2)] == [7, 2]


def test_signals_do_not_change_the_splits(study: StudyFolder) -> None:
    for _ in range(3):
        with opened(study) as search:
            for suggestion in search.ask(2):
                end(study, search, record_of(suggestion, "fail", f"{INTERRUPTED}: SIGINT"))
    with opened(study) as search:
        assert [one.split for one in search.ask(6)] == list(range(6))
        assert search.splits == 6


def test_more_trials_have_more_splits(study: StudyFolder) -> None:
    with opened(study, trials=3) as search:
        finish(study, search)
    with opened(study, trials=5) as search:
        assert search.splits == 5
        assert [one.split for one in search.ask(5)] == [3, 4]
    with opened(study, trials=2) as search:
        assert search.splits == 5


def test_there_are_not_too_many_splits(study: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "MOST_SPLITS", 4)
    with opened(study) as search:
        assert search.splits == 4
        assert [one.split for one in search.ask(6)] == [0, 1, 2, 3, 0, 1]


def test_without_reshuffle_all_have_split_0(study: StudyFolder) -> None:
    with open_search(study.database, [], space=SPACE, direction="maximize", seed=0, trials=4) as search:
        assert search.splits == 1
        assert {one.split for one in search.ask(4)} == {0}
