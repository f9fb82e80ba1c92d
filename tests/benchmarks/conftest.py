"""A setting of the speed benchmarks that is small enough for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def setting(tiny_folder: Path, data_folder: Path) -> Callable[..., Any]:
    """``(strategy, **changes) -> Setting``: three short trials of a tiny model over small files."""
    from benchmarks.speed.setting import Setting

    def make(strategy: str, task: str = "text-classification", **changes: Any) -> Any:
        suffix = "conll" if task == "ner" else "csv"
        parts: dict[str, Any] = {
            "task": task,
            "model": str(tiny_folder),
            "strategy": strategy,
            "train": str(data_folder / task / f"train.{suffix}"),
            "dev": str(data_folder / task / f"dev.{suffix}"),
            "max_length": 48,
            "epochs": 2,
            "trials": [
                {"learning_rate": rate, "batch_size": size}
                for rate, size in ((2e-3, 8), (1e-2, 4), (5e-3, 16))
            ],
        }
        return Setting(**{**parts, **changes})

    return make
