"""Runs ``adaptkit tune`` in this process, and says what became of a change."""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

SAME, REFUSED, WARNED = "same result", "refused", "warned"
HIDDEN, SILENT, UNEXPECTED = "cannot be noticed", "silent", "unexpected"
OUTCOMES = (SAME, REFUSED, WARNED, HIDDEN, SILENT, UNEXPECTED)
MOST_POINTS = 0.05 + 1e-9
"""Scores that differ by no more than this are the same result."""


@dataclass(frozen=True)
class Answer:
    """What one run gave."""

    code: int
    score: float | None = None
    warnings: tuple[str, ...] = ()
    message: str = ""
    """The last line on standard error."""


def tuned(studies: Path, task: str, model: Path, train: Path, dev: Path) -> Answer:
    """One solved trial on a frozen encoder, as the command line runs it."""
    arguments = [
        "tune", "--task", task, "--model", model, "--train", train, "--dev", dev, "--strategy", "frozen",
        "--trials", 1, "--device", "cpu", "--folds", 0, "--studies", studies, "--study", "changed", "--json",
        *(["--confirm", 0] if _confirms() else []),
    ]  # fmt: skip
    code, out, err = called([str(one) for one in arguments])
    lines = [line for line in err.splitlines() if line.strip()]
    message = lines[-1] if lines else ""
    if code != 0:
        return Answer(code, message=message)
    document = json.loads(out)
    said = [line.partition("! ")[2] for line in lines if line.startswith("! ")]
    warnings = tuple(dict.fromkeys([*document["study"]["warnings"], *said]))
    return Answer(code, document["best"]["score"], warnings, message)


def called(arguments: Sequence[str]) -> tuple[int, str, str]:
    """The exit code and the output of ``adaptkit ARGUMENTS``. An exception that leaves it has code 1."""
    from adaptkit.cli import main

    out, err = io.StringIO(), io.StringIO()
    with _process(arguments), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            main()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            err.write(f"\nunexpected {type(error).__name__}: {error}")
            code = 1
    return code, out.getvalue(), err.getvalue()


@contextlib.contextmanager
def _process(arguments: Sequence[str]) -> Iterator[None]:
    empty = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    with mock.patch.object(sys, "argv", ["adaptkit", *arguments]), mock.patch.object(sys, "stdin", empty):
        yield


def _confirms() -> bool:
    """Whether this version confirms winners, which needs time and does not matter here."""
    from adaptkit.cli.tune import tune

    return any(option.name == "confirm" for option in tune.params)


def outcome(answer: Answer, good: Answer, named: str, *, unnoticeable: bool) -> str:
    """One of `OUTCOMES`.

    Args:
        answer: of the changed input.
        good: of the input before the change.
        named: a regular expression for what a warning that names the change has; empty: none does.
        unnoticeable: whether nothing in the input shows the change.
    """
    if answer.code == 2:
        return REFUSED
    if answer.code != 0 or answer.score is None or good.score is None:
        return UNEXPECTED
    if abs(answer.score - good.score) <= MOST_POINTS:
        return SAME
    new = [warning for warning in answer.warnings if warning not in good.warnings]
    if named and any(re.search(named, warning, re.IGNORECASE) for warning in new):
        return WARNED
    return HIDDEN if unnoticeable else SILENT
