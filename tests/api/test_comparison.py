from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.api.comparison import names_of

TASK = "text-classification"


def test_studies_and_models_are_compared(tuned: Callable[[str, str], Any], data_folder: Path) -> None:
    study, data = tuned(TASK, "full"), next((data_folder / TASK).glob("test.*"))
    found = adaptkit.compare([study, study.load(), study.folder.path], data)
    alone = adaptkit.evaluate(study, data)
    assert (found.metric, found.direction, found.rows) == ("accuracy", "maximize", alone.rows)
    assert [one.name for one in found.models] == [study.name, "model 2", str(study.folder.path)]
    for one in found.models:
        assert one.values == alone.values
        assert one.score == alone.values["accuracy"]
        assert one.interval == alone.intervals.get("accuracy")
        assert (one.difference, one.better) == (0, None)


def test_two_strategies_differ_by_their_scores(tuned: Callable[[str, str], Any], data_folder: Path) -> None:
    data = next((data_folder / TASK).glob("test.*"))
    studies = [tuned(TASK, strategy) for strategy in ("full", "frozen")]
    _, other = adaptkit.compare(studies, data).models
    scores = [adaptkit.evaluate(study, data).values["accuracy"] for study in studies]
    assert other.difference == pytest.approx(scores[1] - scores[0])


def test_names_are_different() -> None:
    assert names_of(["a/best", "c", Path("d/e")]) == ["a/best", "c", "d/e"]
    assert names_of(["c", "c", 7]) == ["c (1)", "c (2)", "model 3"]


@pytest.mark.parametrize("models", ["one", ["one"], 3])
def test_fewer_than_two_models_are_refused(models: Any) -> None:
    with pytest.raises(adaptkit.AdaptkitError, match="a list of two models or more"):
        adaptkit.compare(models, [{"text": "boats", "label": "glad"}])
