"""A study whose best trial is at an edge of the range tries what is beyond, once, also after a resume."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adaptkit.search.search import Search, open_search
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import RungRecord
from tests.helpers.searches import SPACE, end, record_of

LOW, HIGH = SPACE.learning_rate


def rates(study: StudyFolder) -> list[float]:
    return [trial.hyperparameters["learning_rate"] for trial in study.read_trials()]


def run(study: StudyFolder, trials: int, *, sign: float, extendable: bool = True) -> None:
    """The higher the rate the better the score, or the other way round."""
    space = replace(SPACE, extendable=extendable)
    with open_search(
        study.database, study.read_trials(), space=space, direction="maximize", seed=0, trials=trials
    ) as search:
        _finish(study, search, sign)


def _finish(study: StudyFolder, search: Search, sign: float) -> None:
    while suggestions := search.ask(1):
        for suggestion in suggestions:
            rung = RungRecord(epoch=3, score=sign * suggestion.hyperparameters["learning_rate"], loss=1)
            search.report(suggestion.number, 0, rung.score)
            end(study, search, replace(record_of(suggestion), rungs=(rung,), best_rung=0))


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_edge_is_crossed_once(sign: float, study: StudyFolder) -> None:
    run(study, 30, sign=sign)
    beyond = [rate for rate in rates(study) if not LOW <= rate <= HIGH]
    assert beyond
    assert all(LOW / 3 <= rate <= HIGH * 3 for rate in beyond)
    assert all((rate > HIGH) == (sign > 0) for rate in beyond)
    assert all(LOW <= rate <= HIGH for rate in rates(study)[:5])


def test_a_range_that_the_user_set_is_kept(study: StudyFolder) -> None:
    run(study, 30, sign=1.0, extendable=False)
    assert all(LOW <= rate <= HIGH for rate in rates(study))


def test_an_extended_study_is_resumed_and_rebuilt(study: StudyFolder) -> None:
    run(study, 30, sign=1.0)
    assert max(rates(study)) > HIGH
    study.database.unlink()
    run(study, 33, sign=1.0)
    assert len(rates(study)) == 33


def test_importances_are_those_of_the_widest_range(study: StudyFolder) -> None:
    run(study, 30, sign=1.0)
    space = replace(SPACE, extendable=True)
    with open_search(
        study.database, study.read_trials(), space=space, direction="maximize", seed=0, trials=30
    ) as search:
        assert search.importances()["learning_rate"] > 0.5
