"""What every stage of a run needs: the study's folder and summary, the clock, and the progress."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from adaptkit.engine.trainer import LocalTrainer, Trainer
from adaptkit.run.callbacks import Callbacks
from adaptkit.run.study import Study
from adaptkit.study.record import StudySummary, TrialRecord

if TYPE_CHECKING:
    from adaptkit.report.progress import Progress
    from adaptkit.study.folder import StudyFolder
    from adaptkit.study.lock import HeldLock
    from adaptkit.system.signals import Interruption

VERSIONED = ("adaptkit", "torch", "transformers", "peft", "optuna", "datasets", "numpy")

OTHER_VERSIONS = (
    "the study was continued with other versions",
    "the next trials are trained with other versions",
)
"""The start of the warning that trials differ in their versions, as it is now, and as it once was."""


class Clock:
    """The time of this run, in seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the duration of the block to the phase."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.add({name: time.monotonic() - started})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Add seconds that were measured elsewhere."""
        for name, spent in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


@dataclass
class RunContext:
    """A run: its study's folder and summary, and what the stages report to."""

    folder: StudyFolder
    summary: StudySummary
    progress: Progress
    clock: Clock
    interruption: Interruption
    earlier: Mapping[str, float] = field(default_factory=dict)
    """The seconds of earlier runs of the study, by phase."""

    lock: HeldLock | None = None
    """The study's lock."""

    callbacks: Callbacks = field(default_factory=lambda: Callbacks(()))
    trainer: Trainer = field(default_factory=LocalTrainer)
    """Where the trials are trained."""

    def check(self) -> None:
        """Raise Interrupted after a signal, and StudyError if the study is not this process's any more."""
        self.interruption.check()
        self.check_study()

    def check_study(self) -> None:
        """Raise StudyError if the study's folder is not this process's any more."""
        if self.lock is not None:
            self.lock.check()

    def write(self, **changes: Any) -> None:
        """Change the summary, and write it with the time spent so far; raises StudyError."""
        self.check_study()
        phases = {**self.earlier, **self.clock.seconds}
        seconds = {name: self.earlier.get(name, 0.0) + self.clock.seconds.get(name, 0.0) for name in phases}
        now = datetime.now(UTC).isoformat("T", "seconds")
        self.summary = replace(self.summary, updated=now, seconds=seconds, **changes)
        self.folder.write_summary(self.summary)

    def announce(self, event: str, records: Sequence[TrialRecord], *about: object) -> None:
        """Call the callbacks; show and record which of them failed."""
        if not self.callbacks:
            return
        study = Study(self.folder, self.summary, tuple(records))
        for problem in self.callbacks.call(event, study, *about):
            self.progress.note(problem)
            self.write(warnings=[*self.summary.warnings, problem])

    def note_versions(self, now: Mapping[str, str]) -> None:
        """Show that the study was made with other versions of its plugins, if no trial is left to train."""
        before = self.summary.versions
        changes = [
            f"{name} {before[name]} → {now[name]}"
            for name in now
            if name not in VERSIONED and name in before and before[name] != now[name]
        ]
        if changes:
            shown = ", ".join(changes)
            self.progress.note(f"the study was made with other versions of its plugins: {shown}")

    def write_versions(self, now: Mapping[str, str]) -> None:
        """Write the versions that the next trials are trained with; warn if earlier trials had others."""
        before, warnings = self.summary.versions, list(self.summary.warnings)
        changes = [
            f"{name} {was} → {now.get(name, 'none')}" for name, was in before.items() if now.get(name) != was
        ]
        if changes:
            warnings.append(f"{OTHER_VERSIONS[0]}: {', '.join(changes)}")
            self.progress.note(warnings[-1])
        self.write(state="running", versions=dict(now), warnings=warnings)


def versions(*plugins: str) -> dict[str, str]:
    """The versions of the distributions that a study's results depend on, including those of its plugins."""
    found = {}
    for name in dict.fromkeys((*VERSIONED, *plugins)):
        try:
            found[name] = version(name)
        except (PackageNotFoundError, ValueError):  # ValueError: an old study does not name its plugin
            continue
    return found
