from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from adaptkit.config import DataConfig
from adaptkit.data.load import load
from adaptkit.engine.patches.fast_paths import FAST_PATHS
from adaptkit.tasks import registry
from benchmarks.fast_paths import CASES, PASS, STEP, Case, Setting, in_turns, joined, measured
from benchmarks.fast_paths_table import line, page_with, table


@pytest.mark.parametrize("strategy", CASES)
def test_each_case_is_measured_on_both_sides(
    strategy: str, tiny_folder: Path, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = registry.load("text-classification")
    data = load(task, DataConfig(train=str(data_folder / "text-classification" / "train.csv")), 0)
    setting = Setting(
        task=task, train=data.train.values, dev=data.dev.values, labels=data.labels, model=str(tiny_folder),
        bfloat16=False,
    )  # fmt: skip
    monkeypatch.setattr("benchmarks.fast_paths.in_turns", lambda works, repeats: both_once(works))
    found = list(measured(setting, strategy, FAST_PATHS, 2))
    cases = [Case(path=one["path"], work=one["work"], trials=one["trials"]) for one in found]
    assert cases == CASES[strategy]
    assert all(ratio > 0 for one in found for ratio in one["ratios"])
    assert json.loads(json.dumps(found)) == found


def both_once(works: Any) -> dict[str, list[float]]:
    """Runs both sides, without the repetitions that a measurement needs."""
    for work in works.values():
        work()
    return {name: [1.0, 2.0] for name in works}


def test_every_fast_path_is_measured() -> None:
    assert {case.path for cases in CASES.values() for case in cases} == set(FAST_PATHS)


def test_both_sides_take_turns_in_changing_order() -> None:
    order: list[str] = []
    works = {name: lambda name=name: order.append(name) for name in ("with", "without")}
    times = in_turns(works, 2)  # type: ignore[arg-type]
    assert {name: len(one) for name, one in times.items()} == {"with": 2, "without": 2}
    measured_in = order[6:]  # after two runs to warm up and one to choose how often each is run
    changes = [name for name, before in zip(measured_in, ["", *measured_in], strict=False) if name != before]
    assert changes == ["with", "without", "with"], "without is last, then first"


def test_a_line_has_the_median_and_the_middle_half() -> None:
    case = {
        "path": "last_layer", "work": STEP, "trials": 4, "tokens": 12, "with_seconds": 0.1,
        "without_seconds": 0.1204, "ratios": [1.0, 1.1, 1.2, 1.3, 1.4],
    }  # fmt: skip
    assert line("full", case) == (
        "| last layer | full | training step, 4 trials in a pass | 12 "
        "| 100 ms | 120 ms | 1.20 | 1.05 to 1.35 |\n"
    )
    assert f"| {PASS} |" in line("frozen", {**case, "work": PASS})


def test_the_table_replaces_what_is_between_the_marks() -> None:
    page = "before\n<!-- fast paths: begin -->\nold\n<!-- fast paths: end -->\nafter\n"
    found = page_with(table({}), page)
    assert found.startswith("before\n")
    assert found.endswith("after\n")
    assert "old" not in found
    assert page_with(table({}), found) == found


def test_joined_rows_are_longer_and_keep_their_label() -> None:
    rows = [{"text": text, "label": text.upper()} for text in "abc"]
    assert joined(rows, 1) == rows
    assert joined(rows, 2) == [
        {"text": "a b", "label": "A"},
        {"text": "b c", "label": "B"},
        {"text": "c", "label": "C"},
    ]
