"""Values are checked by the types of a record's fields, and versions are compared."""

from __future__ import annotations

import math
from dataclasses import asdict
from importlib.metadata import version
from typing import Any

import pytest

from adaptkit.study.checked import checked, newer_version, own_version
from adaptkit.study.record import RungRecord, TrialRecord

RECORD = TrialRecord(
    number=3, state="complete", reason="finished", origin="search",
    hyperparameters={"learning_rate": 3e-5, "batch_size": 16}, seed=7,
    rungs=(RungRecord(epoch=1, score=0.5, loss=math.inf),), best_rung=0, values={"f1": 0.5, "r": math.nan},
)  # fmt: skip


def test_good_values_are_unchanged() -> None:
    found = checked(TrialRecord, asdict(RECORD))
    assert type(found.hyperparameters["batch_size"]) is int
    assert isinstance(found.rungs[0], RungRecord)
    assert found.rungs[0].loss == math.inf
    assert math.isnan(found.values["r"])


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"seed": "7"}, "seed: input should be a valid integer"),
        ({"seed": True}, "seed: "),
        ({"seed": 7.5}, "seed: "),
        ({"state": "won"}, "state: input should be 'complete', 'pruned' or 'fail'"),
        ({"surprise": 1}, "surprise: an unknown key"),
        ({"rungs": [{"epoch": 1, "score": "high", "loss": 1}]}, "rungs.0.score"),
        ({"hyperparameters": [1]}, "hyperparameters: "),
        ({"values": {"f1": None}}, "values.f1"),
        ({"reason": None}, "reason: "),
    ],
)
def test_a_wrong_value_is_named(changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem.replace(".", r"\.")):
        checked(TrialRecord, {**asdict(RECORD), **changes})


def test_a_missing_value_is_named() -> None:
    with pytest.raises(ValueError, match="origin: "):
        checked(TrialRecord, {name: one for name, one in asdict(RECORD).items() if name != "origin"})


@pytest.mark.parametrize(
    ("text", "newer"),
    [("99.0", True), ("99", True), ("99.0.1.dev3", True), ("0.0.9", False), ("", False), ("unknown", False)],
)
def test_newer_versions(text: str, newer: bool) -> None:
    assert newer_version({"adaptkit": text}) == (text if newer else "")
    assert newer_version({}) == ""
    assert newer_version({"adaptkit": own_version()}) == ""
    assert own_version() == version("adaptkit")
