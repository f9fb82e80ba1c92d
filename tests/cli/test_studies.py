from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers.program import called


def test_a_folder_without_studies(tmp_path: Path) -> None:
    answer = called("studies", "--studies", tmp_path / "nowhere")
    assert (answer.code, answer.out) == (0, "")
    assert "adaptkit tune" in answer.err
    assert json.loads(called("studies", "--studies", tmp_path, "--json").out) == {"studies": []}


def test_an_unreadable_study_does_not_hide_others(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    for name in ("good", "damaged", "new"):
        shutil.copytree(tuned("ner", "frozen").folder.path, tmp_path / name)
    (tmp_path / "damaged" / "summary.json").write_text("{")
    (tmp_path / "new" / "summary.json").unlink()
    rows = json.loads(called("studies", "--studies", tmp_path, "--json").out)["studies"]
    assert {row["name"]: row["state"] for row in rows} == {
        "good": "finished", "damaged": "unreadable", "new": "not begun",
    }  # fmt: skip
    shown = called("studies", "--studies", tmp_path)
    assert shown.code == 0
    assert all(name in shown.out for name in ("good", "damaged", "new"))


def test_long_names_stay_in_one_piece(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    name = "a-long-name-of-a-study-" * 6
    shutil.copytree(tuned("ner", "frozen").folder.path, tmp_path / name)
    shown = called("studies", "--studies", tmp_path)
    assert shown.code == 0
    assert any(line.startswith(f"{name} ") for line in shown.out.splitlines())
