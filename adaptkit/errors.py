"""The errors that adaptkit raises, in one tree.

    AdaptkitError                    exit code 1
    ├── UserError                    exit code 2: something the user gave, or a file of theirs
    │   ├── ConfigError              an option, or a combination of options
    │   ├── DataError                a file, or a row in it (with file and line)
    │   ├── TaskError                a task plugin: unknown, broken, ambiguous, or ill-formed
    │   ├── ModelError               a model that cannot be found, read or used
    │   └── StudyError               a study: in use, unreadable, not writable, or not the one described
    ├── TrialError                   one trial failed; the search goes on
    │   ├── TrialDiverged            its loss or its weights are not finite
    │   └── TrialOutOfMemory         not even one example of one trial fits
    ├── NoTrialSucceeded             every trial of the study failed
    ├── OutputError                  standard output cannot be written
    ├── ExportError                  the exported model folder does not give the model's results
    ├── HubError                     the hub cannot be reached, or failed
    └── Interrupted                  a signal ended the run (exit code 128 + signal)

Each message says what is wrong (with the bad value), what was expected, and what to do next.
"""

from __future__ import annotations

from signal import Signals
from typing import Any


class AdaptkitError(Exception):
    """The base class: a problem, what was expected instead, and the next step."""

    exit_code = 1

    def __init__(self, problem: str, *, expected: str = "", next_step: str = "", code: str = "") -> None:
        self.problem = problem
        self.expected = expected
        self.next_step = next_step
        self.code = code
        """A short stable name of the case, such as "unknown-label", for programs and tests; often empty."""

        super().__init__(self.sentences())

    def sentences(self) -> str:
        """The message: the problem, what was expected, and the next step."""
        return _sentences(self.problem, f"Expected {self.expected}" if self.expected else "", self.next_step)


class UserError(AdaptkitError):
    """Something the user gave, or a file of theirs, is wrong. What a study has recorded stays on disk."""

    exit_code = 2


class ConfigError(UserError):
    """An option, or a combination of options, that is not allowed."""


class DataError(UserError):
    """A data file, or a row in it; the problem starts with ``file:line`` where there is one."""


class TaskError(UserError):
    """A task plugin that is unknown, broken, ambiguous or ill-formed."""


class ModelError(UserError):
    """A model that cannot be found, read or used."""


class StudyError(UserError):
    """A study that is in use, unreadable, not the one described, or whose files cannot be written."""


class TrialError(AdaptkitError):
    """One trial failed. The reason is recorded, and the search goes on."""


class TrialDiverged(TrialError):
    """The trial's loss or weights are no longer finite."""


class TrialOutOfMemory(TrialError):
    """Not even one example of this trial fits into memory."""


class NoTrialSucceeded(AdaptkitError):
    """Every trial of the study failed, so there is no winner."""


class OutputError(AdaptkitError):
    """Standard output is full or closed. Nothing but what was to be printed is lost."""


class ExportError(AdaptkitError):
    """The exported folder, loaded into new objects, does not give the same logits."""


class HubError(AdaptkitError):
    """The hub cannot be reached, or failed. Nothing on this machine has changed."""


class Interrupted(AdaptkitError):
    """A signal ended the run. Everything recorded until then is on disk."""

    study: object = None
    """The `adaptkit.Study` so far; None if it had not begun."""

    def __init__(self, signal_number: int) -> None:
        self.signal_number = signal_number
        self.exit_code = 128 + signal_number
        super().__init__(
            f"stopped by {Signals(signal_number).name}", next_step="Run the same command again to continue."
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.signal_number,), self.__dict__


def _sentences(*parts: str) -> str:
    return " ".join(part if part.endswith((".", "!", "?", ":")) else f"{part}." for part in parts if part)
