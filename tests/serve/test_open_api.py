from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import environment
from tests.serve.conftest import serving


@pytest.mark.slow
def test_schemathesis_finds_nothing(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    words, texts = (tuned(task, "full").folder.best for task in ("ner", "text-classification"))
    server = serving(f"words={words}", f"texts={texts}", cwd=tmp_path)
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json"]
    settings = ["--max-examples", "20", "--seed", "1", "--continue-on-failure"]
    found = subprocess.run(
        [*command, *settings], cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=300
    )
    server.stopped()
    assert found.returncode == 0, found.stdout
    assert "No issues found" in found.stdout
