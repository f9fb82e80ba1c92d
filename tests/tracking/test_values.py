from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from adaptkit.run.callbacks import RungScore
from adaptkit.run.study import Study
from adaptkit.study.folder import StudyFolder
from adaptkit.tracking.values import about_study, final_values, identity, rung_values, winner_values
from tests.helpers.studies import edge_studies


def test_numbers_that_are_not_finite_are_left_out() -> None:
    rung = RungScore(number=0, epoch=1.0, loss=math.inf, score=0.5, values={"f1": 0.5, "x": math.nan})
    assert rung_values(rung) == {"dev/f1": 0.5, "epoch": 1.0}
    summary, trials = edge_studies()["infinite"]
    assert final_values(trials[0]) == {"seconds": trials[0].seconds}
    assert winner_values(Study(StudyFolder(Path("x")), summary, trials)) == {}


def test_a_later_study_of_the_same_name_has_another_identity() -> None:
    summary, trials = edge_studies()["finished"]
    assert identity(summary) == identity(replace(summary, state="running"))
    assert identity(summary) != identity(replace(summary, started="2026-01-01T00:00:00"))
    assert about_study(Study(StudyFolder(Path("studies/x")), summary, trials))["study"] == "x"
