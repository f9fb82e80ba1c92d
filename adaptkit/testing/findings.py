"""What a check comes to: passed, failed or skipped, and the two ways a check ends early. Knows no task."""

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
    """What failed, with the value that was found and what was expected; or why the check was skipped."""

    fix: str = ""
    """How to mend it; empty unless the check failed."""


class Nonconformity(AdaptkitError):
    """Ends a check: the task does something else than the contract says; ``next_step`` is how to mend it."""


class NotApplicable(Exception):
    """Ends a check: the task, or its rows, give it nothing to look at."""


def failed(check: str, error: Exception) -> Finding:
    """The finding of a check that an error has ended."""
    if isinstance(error, AdaptkitError):
        expected = f"; expected {error.expected}" if error.expected else ""
        return Finding(
            check=check, state="failed", problem=f"{error.problem}{expected}", fix=error.next_step or _READ
        )
    raised = f"{type(error).__name__}: {error}".rstrip(": ")
    return Finding(check=check, state="failed", problem=f"{raised} ({_where(error)})", fix=_READ)


_LIBRARIES = {"torch", "transformers", "tokenizers", "numpy"}
_READ = "Read what the contract says of this part in adaptkit.Task, and mend the plugin."


def _where(error: Exception) -> str:
    """The innermost place in no library that the error came through: a file's name, a line and a function."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not _LIBRARIES & set(Path(frame.filename).parts)]
    last = (own or frames)[-1]
    return f"{Path(last.filename).name}:{last.lineno} in {last.name}"
