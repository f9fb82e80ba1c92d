from __future__ import annotations

import sys

import pytest

from adaptkit.errors import ConfigError
from adaptkit.report.frame import as_frame
from tests.helpers.studies import edge_studies


def test_a_trial_is_a_row_of_the_frame() -> None:
    _, trials = edge_studies()["resumed"]
    frame = as_frame(trials)
    assert list(frame["number"]) == [trial.number for trial in trials]
    assert list(frame.columns[:3]) == ["number", "value", "state"]
    for trial, row in zip(trials, frame.to_dict("records"), strict=True):
        assert row["state"] == trial.state
        assert trial.score is None or row["value"] == trial.score
        assert row["rungs"] == len(trial.rungs)
        for name, value in trial.hyperparameters.items():
            assert row[f"params_{name}"] == value
        for name, value in trial.values.items():
            assert row[f"values_{name}"] == pytest.approx(value, nan_ok=True)


def test_no_trials_give_an_empty_frame() -> None:
    assert as_frame([]).empty


def test_without_pandas_the_next_step_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ConfigError, match=r"pip install pandas"):
        as_frame([])
