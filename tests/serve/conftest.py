from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import started


@dataclass
class Server:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    def stopped(self, by: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(by)
        self.process.communicate(timeout=60)
        return self.process.returncode


def serving(*arguments: object, cwd: Path) -> Server:
    process = started("serve", *arguments, "--port", "0", cwd=cwd)
    assert process.stderr is not None
    for line in process.stderr:
        if found := re.search(r"serving .* on (http://\S+)", line):
            return Server(process, found[1])
    raise AssertionError("the server did not start")


@pytest.fixture(scope="module")
def server(tuned: Callable[[str, str], Any], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with two models, ``words`` and ``texts``, and small limits."""
    words, texts = (tuned(task, "full").folder.best for task in ("ner", "text-classification"))
    limits = ("--max-body", 5000, "--max-rows", 8, "--max-tokens", 200)
    made = serving(f"words={words}", f"texts={texts}", *limits, cwd=tmp_path_factory.mktemp("server"))
    yield made
    made.stopped()
