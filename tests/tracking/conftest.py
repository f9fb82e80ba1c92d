"""A study of a second that is tracked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import adaptkit
from tests.helpers.data import moods

ROWS = [{"text": text, "label": label} for text, label in moods(48, 1)]


@pytest.fixture
def track(tiny_folder: Path, tmp_path: Path) -> Callable[..., Any]:
    """``(callback, **changes) -> Study``: a study named "moods" in the test's own folder."""

    def tuned(*callbacks: Any, **changes: Any) -> Any:
        given = {"strategy": "full", "trials": 3, "epochs": 2, "evals_per_epoch": 1, "confirm": 0, **changes}
        return adaptkit.tune(
            "text-classification", train=ROWS, dev=0.3, test=ROWS[:12], model=tiny_folder, study="moods",
            studies=tmp_path / "studies", device="cpu", progress=False, callbacks=callbacks, **given,
        )  # fmt: skip

    return tuned


def dev_scores(trial: Any) -> list[float]:
    return [rung.score for rung in trial.rungs]
