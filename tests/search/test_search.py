"""The search: every trial counts exactly once, whatever fails."""

import json
import math
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.trial import TrialState

from adaptkit.search.attempts import KILLED, KILLED_TWICE
from adaptkit.search.search import open_search
from adaptkit.search.space import PenaltySpace
from adaptkit.search.suggestion import DRAWN_FOR, Suggestion, derived
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import RungRecord, trial_from_json
from tests.helpers.searches import SPACE, end, finish, opened, optuna_trials, record_of, score_of, settle


def test_the_default_comes_first_and_the_total_is_exact(study: StudyFolder) -> None:
    with opened(study, trials=7) as search:
        suggestions = search.ask(3)
        assert suggestions[0].number == 0
        assert suggestions[0].origin == "default"
        assert suggestions[0].hyperparameters == {**SPACE.default, **SPACE.fixed}
        assert [suggestion.origin for suggestion in suggestions[1:]] == ["search", "search"]
        assert search.remaining == 4
        for suggestion in suggestions:
            end(study, search, record_of(suggestion))
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


def test_the_states_and_scores_in_optuna(study: StudyFolder) -> None:
    with opened(study, trials=6) as search:
        complete, pruned, failed, infinite, nan, unscored = search.ask(6)
        search.report(complete.number, 0, score_of(complete))
        search.report(infinite.number, 0, math.inf)
        end(study, search, record_of(complete))
        end(study, search, record_of(pruned, "pruned", "pruned after epoch 0.50"))
        end(study, search, record_of(failed, "fail", "out of memory: 1 example"))
        for suggestion, score in ((infinite, math.inf), (nan, math.nan)):
            rungs = (RungRecord(epoch=1, score=score, loss=1),)
            end(study, search, replace(record_of(suggestion), rungs=rungs))
        end(study, search, replace(record_of(unscored), rungs=(), best_rung=None))
        assert search.remaining == 0
        with pytest.raises(ValueError, match="trial 0 is COMPLETE, not running"):
            search.tell(record_of(complete))
    trials = optuna_trials(study)
    names = ["COMPLETE", "PRUNED", "FAIL", "FAIL", "FAIL", "FAIL"]
    assert [trial.state.name for trial in trials] == names
    assert trials[0].value == pytest.approx(score_of(complete))
    assert trials[0].intermediate_values == {0: score_of(complete), 1: score_of(complete) / 2}
    record = trial_from_json(json.loads(trials[1].user_attrs.pop("record")))
    assert record == study.read_trials()[1]
    assert trials[1].user_attrs == {"origin": "search", "reason": "pruned after epoch 0.50"}
    assert trials[2].user_attrs["reason"] == "out of memory: 1 example"


def test_signals_queue_again_without_limit_and_keep_the_seed(study: StudyFolder) -> None:
    first: Sequence[Suggestion] = ()
    for _ in range(4):
        with opened(study, trials=5) as search:
            assert search.orphans == ()
            suggestions = search.ask(2)
            first = first or suggestions
            assert [one.hyperparameters for one in suggestions] == [one.hyperparameters for one in first]
            assert [one.seed for one in suggestions] == [one.seed for one in first]
            assert [one.is_default for one in suggestions] == [True, False]
            for suggestion in suggestions:
                end(study, search, record_of(suggestion, "fail", "interrupted: signal 2"))
            assert search.remaining == 5
    with opened(study, trials=5) as search:
        finish(study, search)
    assert suggestions[1].origin == "retry of trial 1"
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
        with opened(study, trials=4) as search:  # killed before `tell`: found again
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


def test_records_are_passed_to_optuna_when_it_lacks_them(study: StudyFolder) -> None:
    with opened(study) as search:
        suggestions = search.ask(3)
        study.write_trial(record_of(suggestions[0]))
        study.write_trial(record_of(suggestions[1], "pruned", "pruned after epoch 0.50"))
        study.write_trial(record_of(suggestions[2], "fail", KILLED))
    for _ in range(2):
        with opened(study) as search:
            assert (search.orphans, search.remaining) == ((), 6)
    states = [TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL, TrialState.WAITING]
    trials = optuna_trials(study)
    assert [trial.state for trial in trials] == states
    assert trials[0].value == pytest.approx(score_of(suggestions[0]))


def draws(study: StudyFolder, seed: int, count: int) -> list[float]:
    with opened(study, seed=seed, trials=20) as search:
        settle(study, search)
        suggestions = search.ask(count)
        for suggestion in suggestions:
            end(study, search, record_of(suggestion))
    return [suggestion.hyperparameters["learning_rate"] for suggestion in suggestions]


def test_draws_depend_on_seed_and_number_and_never_repeat(tmp_path: Path) -> None:
    names = ("at once", "in two", "other seed")
    at_once, in_two, other = (StudyFolder(tmp_path / name) for name in names)
    for study in (at_once, in_two, other):
        with study.lock():
            pass
    expected = [rate for _ in range(3) for rate in draws(at_once, 0, 3)]
    assert draws(in_two, 0, 3) + draws(in_two, 0, 3) + draws(in_two, 0, 3) == expected
    assert len(set(expected)) == 9
    assert set(draws(other, 1, 3)[1:]).isdisjoint(expected)


def drawn(study: StudyFolder, interrupted: dict[int, int], trials: int = 10) -> dict[int, tuple[float, int]]:
    """Place of a configuration → its rate and seed, if its first attempts are interrupted so often."""
    found: dict[tuple[float, int], int] = {}
    times = dict(interrupted)
    with study.lock(), opened(study, trials=trials) as search:
        while suggestions := search.ask(1):
            (one,) = suggestions
            place = found.setdefault((one.hyperparameters["learning_rate"], one.seed), len(found))
            times[place] = times.get(place, 0) - 1
            fails = times[place] >= 0
            end(study, search, record_of(one, "fail", "interrupted: x") if fails else record_of(one))
    return {place: configuration for configuration, place in found.items()}


def test_interrupted_studies_draw_the_same(tmp_path: Path) -> None:
    expected = drawn(StudyFolder(tmp_path / "undisturbed"), {})
    assert len(expected) == 10
    assert drawn(StudyFolder(tmp_path / "disturbed"), {0: 1, 2: 2, 3: 1, 7: 1}) == expected


def test_studies_of_older_versions_draw_as_before(study: StudyFolder) -> None:
    with opened(study, trials=6) as search:
        first, second = search.ask(2)
        end(study, search, record_of(first))
        end(study, search, record_of(second, "fail", "interrupted: signal 2"))
    with closing(sqlite3.connect(study.database)) as database:
        assert database.execute("DELETE FROM study_user_attributes WHERE key = ?", (DRAWN_FOR,)).rowcount == 1
        database.commit()
    with opened(study, trials=6) as search:
        again, third = search.ask(2)
    assert (again.origin, again.seed) == ("retry of trial 1", second.seed)
    assert (third.number, third.seed) == (3, derived(0, "trial", 3))


def test_a_killed_draw_is_repeated(study: StudyFolder) -> None:
    """The process was killed when the database had the trial, but not yet its hyperparameters."""
    with opened(study, trials=6) as search:
        expected = search.ask(3)[2]
    with closing(sqlite3.connect(study.database)) as database:
        database.execute("DELETE FROM trial_params WHERE trial_id = 3")
        database.commit()
    with opened(study, trials=6) as search:
        settle(study, search)
        found = search.ask(3)
    assert [one.origin for one in found] == ["retry of trial 0", "retry of trial 1", "search"]
    assert (found[2].hyperparameters, found[2].seed) == (expected.hyperparameters, expected.seed)


def test_importances_need_enough_scored_trials(study: StudyFolder) -> None:
    with opened(study, trials=24) as search:
        assert search.importances() == {}
        for suggestion in search.ask(5):
            end(study, search, record_of(suggestion))
        assert search.importances() == {}
        for suggestion in search.ask(10):
            end(study, search, record_of(suggestion, "fail", "out of memory"))
        assert search.importances() == {}
        finish(study, search, together=5)
        shares = search.importances()
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["learning_rate"] > shares["batch_size"]


def test_importances_count_pruned_trials_by_their_best_score(study: StudyFolder) -> None:
    with opened(study, trials=16) as search:
        for number, suggestion in enumerate(search.ask(16)):
            if number % 4:
                end(study, search, record_of(suggestion, "pruned", "pruned after epoch 1.50"))
            else:
                end(study, search, record_of(suggestion))
        shares = search.importances()
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["learning_rate"] > shares["batch_size"]


def test_equal_scores_give_no_importances(study: StudyFolder) -> None:
    with opened(study, trials=10) as search:
        for suggestion in search.ask(10):
            rungs = (RungRecord(epoch=1, score=0.5, loss=1),)
            end(study, search, replace(record_of(suggestion), rungs=rungs))
        assert search.importances() == {}


def test_minimizing_is_maximizing_with_the_sign_reversed(tmp_path: Path) -> None:
    rates = []
    for direction, sign in (("maximize", 1), ("minimize", -1), ("minimize", 1)):
        study = StudyFolder(tmp_path / f"{direction} {sign}")
        with study.lock(), opened(study, direction=direction, trials=9) as search:
            while suggestions := search.ask(3):
                for suggestion in suggestions:
                    rung = RungRecord(epoch=3, score=sign * score_of(suggestion), loss=1)
                    end(study, search, replace(record_of(suggestion), rungs=(rung,)))
        rates.append([trial.hyperparameters["learning_rate"] for trial in study.read_trials()])
    assert rates[0] == rates[1] != rates[2]


def test_optuna_prints_nothing(study: StudyFolder, capfd: pytest.CaptureFixture[str]) -> None:
    with opened(study) as search:
        finish(study, search)
    assert capfd.readouterr() == ("", "")


def test_the_first_penalties_are_those_of_the_space(study: StudyFolder) -> None:
    space = PenaltySpace(l2=(1e-4, 1.0), default_l2=1e-2)
    with open_search(study.database, [], space=space, direction="maximize", seed=5, trials=8) as search:
        found = [suggestion.hyperparameters for suggestion in search.ask(5)]
    assert found == [space.default, *space.first_points(5)]
