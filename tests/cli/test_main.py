from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.program import adaptkit, called, environment

COMMANDS = ("tune", "report", "predict", "evaluate", "export", "studies", "tasks")


def test_help_lists_every_command() -> None:
    answer = called("--help")
    assert answer.code == 0
    assert all(command in answer.out for command in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_help(command: str) -> None:
    answer = called(command, "-h")
    assert answer.code == 0
    assert answer.out.startswith("Usage:")


def test_version() -> None:
    assert called("--version").out.strip().endswith("0.1.0")


@pytest.mark.parametrize("arguments", [["no-such-command"], ["tune", "--no-such-option"], ["predict"]])
def test_a_usage_error_exits_with_2(arguments: list[str]) -> None:
    answer = called(*arguments)
    assert answer.code == 2
    assert "Usage:" in answer.err
    assert "Traceback" not in answer.err


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    plain = adaptkit("report", cwd=tmp_path)
    assert (plain.code, plain.out) == (2, "")
    assert plain.err.startswith("adaptkit: there is no study")
    assert plain.err.count("\n") == 1
    assert "Traceback" in adaptkit("--debug", "report", cwd=tmp_path).err


def test_a_closed_pipe_gives_no_traceback() -> None:
    command = f"{sys.executable} -m adaptkit tasks --json | true"
    answer = subprocess.run(
        ["bash", "-c", command], capture_output=True, text=True, check=False, env=environment()
    )
    assert "Traceback" not in answer.stderr
    assert "Exception" not in answer.stderr
