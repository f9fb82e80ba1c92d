"""Folders of a local Ray: one that is in use stays, one of a killed driver is removed by the next."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from adaptkit.distributed import folders
from adaptkit.distributed.folders import RayFolder, left_behind

KILLED = """
import os, signal, sys
from pathlib import Path
from adaptkit.distributed import folders
folders.SHORT = Path(sys.argv[1])
print(folders.RayFolder().path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(autouse=True)
def short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "SHORT", tmp_path)
    return tmp_path


def test_the_folder_of_a_killed_driver_is_removed(short: Path) -> None:
    command = [sys.executable, "-c", KILLED, short]
    left = Path(subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip())
    assert left.is_dir()
    used = RayFolder()
    assert not left.exists()
    assert list(left_behind(short)) == []
    other = RayFolder()
    assert Path(used.path).is_dir()
    for folder in (used, other):
        folder.remove()
    assert list(short.iterdir()) == []


def test_other_folders_stay(short: Path) -> None:
    for name in ("adaptkit-ray-without-lock", "ray", "adaptkit"):
        (short / name).mkdir()
    RayFolder().remove()
    assert len(list(short.iterdir())) == 3
