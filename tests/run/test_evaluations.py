"""When a trial ends and which rung it keeps: by default, as given, and in earlier studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.config import SearchConfig, StudyConfig
from adaptkit.engine.train import Population
from adaptkit.run.evaluations import FIRST_WITH_TOLERANCE, TOLERANCE, evaluation_rule
from adaptkit.search.space import RANGES_VERSION


@pytest.mark.parametrize(
    ("ranges", "given", "rungs", "patience", "tolerance"),
    [
        (RANGES_VERSION, None, 12, 6, TOLERANCE),
        (RANGES_VERSION, None, 4, 3, TOLERANCE),
        (RANGES_VERSION, 0, 12, 0, TOLERANCE),
        (FIRST_WITH_TOLERANCE - 1, None, 12, 6, 0.0),
        (1, None, 12, 0, 0.0),
        (1, 2, 12, 2, 0.0),
    ],
)
def test_the_rule_follows_from_the_study(
    ranges: int, given: int | None, rungs: int, patience: int, tolerance: float
) -> None:
    config = StudyConfig(task="ner", search=SearchConfig(patience=given))
    rule = evaluation_rule(config, ranges, rungs)
    assert (rule.patience, rule.tolerance) == (patience, tolerance)


def test_trials_and_runs_of_a_study_have_it(
    data_folder: Path, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []
    start = Population.start
    monkeypatch.setattr(
        Population, "start", lambda self, trial: (seen.append(trial.tolerance), start(self, trial))[1]
    )
    options: dict[str, Any] = {
        "data": str(data_folder / "text-classification"), "model": str(tiny_folder), "studies": tmp_path,
        "strategy": "full", "study": "one", "trials": 2, "epochs": 1, "pruning": False, "device": "cpu",
    }  # fmt: skip
    study = adaptkit.tune("text-classification", **options, confirm=2)
    runs = study.summary.confirmation.total
    assert study.summary.confirmation.average is not None
    assert seen == [TOLERANCE] * (2 + runs)
    seen.clear()
    study = adaptkit.tune("text-classification", **{**options, "study": "other"}, confirm=2, soup=False)
    assert seen == [TOLERANCE] * (2 + runs)
    seen.clear()
    toml = study.folder.toml  # a study of an earlier version goes on by its own rule
    toml.write_text(toml.read_text().replace(f"ranges = {RANGES_VERSION}", "ranges = 8"))
    adaptkit.tune("text-classification", **{**options, "trials": 3, "study": "other"}, confirm=0, soup=False)
    assert seen == [0.0]
