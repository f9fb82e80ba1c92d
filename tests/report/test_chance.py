"""Winners that are no better than chance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from adaptkit.report.advice import winner_warnings
from adaptkit.report.chance import chance_warnings
from adaptkit.study.record import SplitRecord, StudySummary, TrialRecord
from tests.helpers.studies import ner_summary, ner_trials


def trial_of(groups: Mapping[str, tuple[float, float, int]], score: float = 0.5) -> TrialRecord:
    """A trial with the precision, the recall and the rows of each class."""
    names = ("precision", "recall", "support")
    values = {name: dict(zip(names, map(float, one), strict=True)) for name, one in groups.items()}
    first = ner_trials()[8]
    return replace(first, groups=values, rungs=(replace(first.rungs[0], score=score),), best_rung=0)


def study_of(rows: int, **changes: Any) -> StudySummary:
    data = {"train": SplitRecord(source="t", rows=3 * rows), "dev": SplitRecord(source="d", rows=rows)}
    settings = {"groups_title": "label", "metric": "micro_f1", "data": data, "baselines": {}, "folds": 0}
    return replace(ner_summary(), warnings=(), space={}, **{**settings, **changes})


@pytest.mark.parametrize(
    ("precision", "support", "warned"),
    [(0.5, 30, True), (0.45, 30, True), (0.6, 30, False), (0.2, 5, False), (0.05, 5, True), (1.0, 60, False)],
)
def test_a_label_at_which_the_winner_guesses(precision: float, support: int, warned: bool) -> None:
    trial = trial_of({"hot": (precision, 0.8, support), "cold": (0.95, 0.9, 30)})
    found = chance_warnings(study_of(60), trial)
    assert len(found) == warned
    assert all("1 of 2 labels no better than chance on dev: 'hot'" in one for one in found)


def test_folds_are_scored_on_the_training_rows() -> None:
    trial = trial_of({"hot": (0.4, 0.8, 60)})
    assert chance_warnings(study_of(60, folds=5), trial) == []
    assert len(chance_warnings(study_of(60), trial_of({"hot": (0.4, 0.8, 40)}))) == 1


def test_only_groups_that_count_rows() -> None:
    trial = trial_of({"hot": (0.1, 0.8, 30)})
    assert chance_warnings(study_of(60, groups_title="entity type"), trial) == []
    assert chance_warnings(study_of(60, data={}), trial) == []


@pytest.mark.parametrize("metric", ["pearson", "spearman"])
@pytest.mark.parametrize(("rows", "score"), [(60, 0.16), (60, -0.5), (1000, 0.05)])
def test_a_correlation_by_chance(metric: str, rows: int, score: float) -> None:
    study = study_of(rows, metric=metric, groups_title="true score")
    (warning,) = chance_warnings(study, trial_of({}, score))
    assert f"is no better than chance on {rows:,} rows" in warning
    assert chance_warnings(study, trial_of({}, 3 / math.sqrt(rows))) == []
    assert chance_warnings(study_of(rows), trial_of({}, score)) == []


def test_it_is_said_where_nothing_else_is_wrong() -> None:
    trial = trial_of({"hot": (0.4, 0.8, 30), "cold": (0.9, 0.9, 30)})
    assert any("chance" in one for one in winner_warnings(study_of(60), trial))
    never = trial_of({"hot": (0.4, 0.8, 30), "cold": (0.0, 0.0, 30)})
    assert not any("chance" in one for one in winner_warnings(study_of(60), never))
