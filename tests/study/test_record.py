from __future__ import annotations

import json
from typing import Any

import pytest

from adaptkit.study.record import as_json, summary_from_json
from adaptkit.study.winner import standing
from tests.helpers.studies import ner_summary, ner_trials


def written(**changes: Any) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(json.dumps(as_json(ner_summary())))
    return {**values, **changes}


def test_intervals_of_test_scores_are_read_as_written() -> None:
    read = summary_from_json(written(test_intervals={"f1": [0.85, 0.9]}))
    assert read.test_intervals == {"f1": (0.85, 0.9)}
    assert summary_from_json(json.loads(json.dumps(as_json(read)))) == read


def test_a_summary_from_before_intervals_is_read() -> None:
    values = written()
    del values["test_intervals"]
    assert summary_from_json(values).test_intervals == {}


@pytest.mark.parametrize("ends", [[0.5], [0.5, 0.6, 0.7], ["low", "high"], 0.5, None])
def test_an_interval_that_is_none_is_refused(ends: object) -> None:
    with pytest.raises(ValueError, match=r"test_intervals\.f1"):
        summary_from_json(written(test_intervals={"f1": ends}))


def test_another_best_trial_has_no_test_scores() -> None:
    summary, trials = ner_summary(), ner_trials()
    assert standing(summary, trials) == {}
    changes = standing(summary, [trial for trial in trials if trial.number != summary.best])
    assert changes["best"] != summary.best
    assert (changes["test"], changes["test_groups"], changes["test_intervals"]) == ({}, {}, {})
    assert changes["test_no_interval"] == {}
