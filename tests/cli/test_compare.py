from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from adaptkit.cli.compare import _verdict
from adaptkit.run.comparison import ComparedModel
from tests.helpers.data import write_csv
from tests.helpers.program import called

TASK = "text-classification"


def test_models_are_shown_with_their_differences(tuned: Callable[[str, str], Any], data_folder: Path) -> None:
    data = next((data_folder / TASK).glob("test.*"))
    first, second = (tuned(TASK, strategy) for strategy in ("full", "frozen"))
    paths = (first.folder.path, second.folder.path)
    answer = called("compare", *paths, "--data", data)
    assert answer.code == 0, answer.err
    said = json.loads(called("compare", *paths, "--data", data, "--json").out)
    lines = answer.out.splitlines()
    assert lines[0] == f"{said['rows']:,} rows of {data}, by accuracy"
    assert " ".join(lines[1].split()) == "model accuracy 95% interval difference 95% interval rows/s"
    one, other = said["models"]
    assert lines[2].startswith(one["name"])
    assert f" {one['score']:.4f} " in lines[2]
    assert f" {other['difference']:+.4f} " in lines[3]
    assert len(lines) == 5
    assert lines[4].startswith(f"{other['name']} ")


def test_rows_with_labels_that_a_model_lacks_are_counted(
    tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    path = tuned(TASK, "full").folder.path
    data = write_csv(tmp_path / "rows.csv", [("boats", "glad"), ("rain", "sad"), ("boats", "other")])
    out = called("compare", path, path, "--data", data, "--skip-bad-rows").out
    first, second, *_ = out.splitlines()
    assert first == f"2 rows of {data}, by accuracy"
    assert second == "1 more was left out, with labels that not all of the models have."


def test_one_model_is_refused(tmp_path: Path) -> None:
    answer = called("compare", tmp_path, "--data", "rows.csv")
    assert answer.code == 2
    assert "Give two studies or models, or more." in answer.err


def test_models_of_different_tasks_are_refused(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    data = write_csv(tmp_path / "rows.csv", [("boats", "glad")])
    paths = [tuned(task, "full").folder.path for task in (TASK, "ner")]
    answer = called("compare", *paths, "--data", data)
    assert answer.code == 2
    assert "expected models of one task" in answer.err.replace("\n", " ").lower()


@pytest.mark.parametrize(
    ("better", "ends", "words"),
    [
        (True, (0.1, 0.2), "b is better than a: the interval does not contain 0."),
        (False, (-0.2, -0.1), "b is worse than a: the interval does not contain 0."),
        (None, (-0.1, 0.1), "b and a do not clearly differ on these rows: the interval contains 0."),
        (None, None, "b and a: the difference has no interval, so it may be chance."),
    ],
)
def test_what_follows_is_said(better: bool | None, ends: tuple[float, float] | None, words: str) -> None:
    one = ComparedModel(
        name="b", score=0.5, interval=None, difference=0.1, difference_interval=ends, better=better,
        values={}, rows_per_second=1.0,
    )  # fmt: skip
    assert _verdict(one, "a") == words
