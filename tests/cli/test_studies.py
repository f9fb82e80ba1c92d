from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.helpers.program import called


def test_none_yet(tmp_path: Path) -> None:
    answer = called("studies", "--studies", tmp_path / "nowhere")
    assert (answer.code, answer.out) == (0, "")
    assert "adaptkit tune" in answer.err
    assert json.loads(called("studies", "--studies", tmp_path, "--json").out) == {"studies": []}


def test_one_that_cannot_be_read_harms_no_other(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    for name in ("good", "torn", "new"):
        shutil.copytree(tuned("ner", "frozen").folder.path, tmp_path / name)
    (tmp_path / "torn" / "summary.json").write_text("{")
    (tmp_path / "new" / "summary.json").unlink()
    rows = json.loads(called("studies", "--studies", tmp_path, "--json").out)["studies"]
    assert {row["name"]: row["state"] for row in rows} == {
        "good": "finished", "torn": "unreadable", "new": "not begun",
    }  # fmt: skip
    shown = called("studies", "--studies", tmp_path)
    assert shown.code == 0
    assert all(name in shown.out for name in ("good", "torn", "new"))
