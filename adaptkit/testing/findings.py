"""The result of a check (passed, failed or skipped), and the two exceptions that end a check early."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from adaptkit.errors import AdaptkitError

State = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What one check of the conformance kit found."""

    check: str
    """The check's name."""

    state: State
    problem: str = ""
    """What failed, with the value found and the value expected; or why the check was skipped."""

    fix: str = ""
    """How to fix it; empty unless the check failed."""


class Nonconformity(AdaptkitError):
    """Ends a check: the task does not keep the contract. ``next_step`` says how to fix it."""


class NotApplicable(Exception):
    """Ends a check: there is nothing to check in the task or its rows."""


def failed(check: str, error: Exception) -> Finding:
    """The finding of a check that ended with an error."""
    if isinstance(error, AdaptkitError):
        expected = f"; expected {error.expected}" if error.expected else ""
        place = f" ({_where(error.__cause__)})" if error.code == "part-failed" and error.__cause__ else ""
        problem = f"{error.problem}{place}{expected}"
        return Finding(check=check, state="failed", problem=problem, fix=error.next_step or _READ)
    raised = f"{type(error).__name__}: {error}".rstrip(": ")
    return Finding(check=check, state="failed", problem=f"{raised} ({_where(error)})", fix=_READ)


_LIBRARIES = {"torch", "transformers", "tokenizers", "numpy"}
_READ = "Read the documentation of this part in adaptkit.Task, and correct the plugin."


def _where(error: BaseException) -> str:
    """The innermost line of the traceback outside the libraries: file name, line number and function."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _LIBRARIES & set(Path(frame.filename).parts)]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
