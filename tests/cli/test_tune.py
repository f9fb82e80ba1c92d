from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers.program import called


def test_the_command_keeps_freed_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr("adaptkit.system.allocator.keep_freed_memory", lambda: asked.append(True))
    assert called("tune", "--task", "no-such-task").code == 2
    assert asked == [True]


def test_a_dry_run_leaves_no_study(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> None:
    answer = called(
        "tune", "--task", "text-classification", "--data", str(data_folder / "text-classification"),
        "--model", str(tiny_folder), "--strategy", "frozen", "--device", "cpu", "--dry-run",
        "--studies", str(tmp_path / "studies"),
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "this study would take about" in answer.out
    assert not (tmp_path / "studies").exists()
