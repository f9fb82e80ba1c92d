"""Rows and settings of small studies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.helpers.data import moods


@pytest.fixture
def settings(tiny_folder: Path, tmp_path: Path) -> dict[str, Any]:
    """The arguments of a study that takes a second."""
    return {
        "model": tiny_folder, "strategy": "frozen", "trials": 2, "device": "cpu", "confirm": 0,
        "studies": tmp_path / "studies", "progress": False,
    }  # fmt: skip


def mood_rows(count: int, seed: int) -> list[dict[str, str]]:
    """Labelled texts as dictionaries."""
    return [{"text": text, "label": label} for text, label in moods(count, seed)]
