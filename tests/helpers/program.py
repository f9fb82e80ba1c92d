"""The command line, run in a separate process or in this one."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock


@dataclass(frozen=True)
class Answer:
    """The program's exit code and output."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    others = (name for name in os.environ if not name.startswith("ADAPTKIT") or name == "ADAPTKIT_CACHE")
    kept = {name: os.environ[name] for name in others}
    return {
        **kept,
        "HF_HUB_OFFLINE": "1",
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
        "NO_COLOR": "1",
        **changes,
    }


def started(*arguments: object, cwd: Path, **options: Any) -> subprocess.Popen[str]:
    """Start ``adaptkit ARGUMENTS`` in a separate process."""
    command = [sys.executable, "-m", "adaptkit", *map(str, arguments)]
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=cwd, text=True, env=environment(), **{**pipes, **options})


def finished(process: subprocess.Popen[str], timeout: float = 120) -> Answer:
    """Wait for a started process, and return its answer."""
    out, err = process.communicate(timeout=timeout)
    return Answer(process.returncode, out, err)


def adaptkit(*arguments: object, cwd: Path) -> Answer:
    """Run ``adaptkit ARGUMENTS`` in a separate process."""
    return finished(started(*arguments, cwd=cwd))


def called(*arguments: object, stdin: str | bytes = "") -> Answer:
    """Run ``adaptkit ARGUMENTS`` in this process, which saves the time of the imports."""
    from adaptkit.cli import main

    out, err = io.StringIO(), io.StringIO()
    given = stdin.encode() if isinstance(stdin, str) else stdin
    with (
        mock.patch.object(sys, "argv", ["adaptkit", *map(str, arguments)]),
        mock.patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8")),
        mock.patch.dict(os.environ, environment()),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code or 0
    return Answer(code, out.getvalue(), err.getvalue())
