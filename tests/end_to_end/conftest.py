"""A model folder that may be changed, and a study with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import model_folders as folders
from tests.helpers.program import Answer, called


@pytest.fixture
def model(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model folder that may be changed."""
    return folders.copied(tiny_folder, tmp_path / "model")


@pytest.fixture
def tune(model: Path, data_folder: Path, tmp_path: Path) -> Callable[..., Answer]:
    """``(*options) -> Answer`` of a study with the model."""

    def run(*options: object) -> Answer:
        return called(
            "tune", "--task", "text-classification", "--data", data_folder / "text-classification",
            "--model", model, "--device", "cpu", "--trials", 1, "--studies", tmp_path / "studies", *options,
        )  # fmt: skip

    return run
