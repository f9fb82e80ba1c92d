"""Fixtures: a study of short trials, the same in one process and on workers."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("ray")


@pytest.fixture
def command(tiny_folder: Path, data_folder: Path) -> list[object]:
    """A study whose trials do not depend on one another's scores: the first points of the search."""
    return [
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification", "--model",
        tiny_folder, "--strategy", "lora", "--trials", 4, "--epochs", 2, "--batch-size", 4,
        "--parallel-trials", 2, "--precision", "fp32", "--no-pruning", "--patience", 0, "--study", "long",
    ]  # fmt: skip
