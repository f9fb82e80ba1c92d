"""Trials of `lora` and `full` start where the solved head is, and the report compares them with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from adaptkit.run.head_init import MOST_ROWS, START, _some


def tuned_a_little(data: Path, model: Path, studies: Path, **options: Any) -> Any:
    """A study whose steps are too small to change a score."""
    return adaptkit.tune(
        "text-classification", data=str(data), model=str(model), trials=1, epochs=1, device="cpu",
        learning_rate=(1e-9, 1e-9), studies=studies, **options,
    )  # fmt: skip


@pytest.mark.parametrize("strategy", ["lora", "full"])
def test_trials_start_with_the_solved_head(
    strategy: Any, data_folder: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    data = data_folder / "text-classification"
    study = tuned_a_little(data, tiny_folder, tmp_path, strategy=strategy, pooling="mean")
    start = study.summary.baselines[START]
    assert study.best.score == pytest.approx(start[study.summary.metric], abs=1e-6)
    assert set(study.summary.baselines) > {START, "majority class"}
    assert study.folder.read_provenance().head_init == "solved"


def test_a_random_head_is_a_choice(data_folder: Path, tiny_folder: Path, tmp_path: Path) -> None:
    data = data_folder / "text-classification"
    study = tuned_a_little(data, tiny_folder, tmp_path, pooling="mean", head_init="random")
    assert START not in study.summary.baselines
    assert study.folder.read_provenance().head_init == "random"


def test_tokens_start_with_the_solved_head(tuned: Callable[[str, str], Any]) -> None:
    study = tuned("ner", "full")
    assert START in study.summary.baselines
    assert START not in tuned("ner", "frozen").summary.baselines


def test_many_rows_are_drawn_from() -> None:
    rows = [{"text": str(number)} for number in range(MOST_ROWS + 5)]
    assert _some(rows[:7], 0) == rows[:7]
    assert len({row["text"] for row in _some(rows, 0)}) == MOST_ROWS
    assert _some(rows, 0) == _some(rows, 0) != _some(rows, 1)
