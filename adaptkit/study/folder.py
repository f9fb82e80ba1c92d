"""A study's folder: reads and writes each file, and checks that a study is the one that was asked for.

    studies/<name>/
      study.toml               the configuration and what it resolved to: versions, data fingerprint, space
      study.db                 Optuna's storage
      summary.json             the study so far
      trials/0007.json         a trial that has ended; never removed
      trials/0007.safetensors  the weights of one of the best trials, listed in trials/manifest.json
      confirmation/            the runs with new seeds: adaptkit/study/confirmation.py
      data/train.jsonl         rows that were given in Python; rows of files are not copied
      refit/                   the winner trained on all rows: adaptkit/study/refit.py
      best/                    the winner, in the format of transformers or peft
      report.html
      left-out.txt             the rows that were left out, and why; only if there are any
      lock                     held by the process that writes

Reading needs no lock. This module does not depend on torch or Optuna: the caller writes the weights.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import tomli_w

from adaptkit.config import StudyConfig, from_toml, to_toml
from adaptkit.documents import read_json, read_toml
from adaptkit.errors import StudyError
from adaptkit.study.checked import checked, newer_version, own_version
from adaptkit.study.confirmation import ConfirmationFolder
from adaptkit.study.lock import HeldLock, is_held, study_lock, written_in
from adaptkit.study.provenance import Provenance, differences_of
from adaptkit.study.record import (
    StudySummary,
    TrialRecord,
    as_json,
    summary_from_json,
    trial_from_json,
)
from adaptkit.study.weights import KeptWeights
from adaptkit.study.winner import standing, with_runs
from adaptkit.system.files import current_folder, explained, write_json, write_text
from adaptkit.system.manifest import MANIFEST


@dataclass(frozen=True)
class StudyFolder:
    """A study on disk, given by the path of its folder."""

    path: Path

    @property
    def name(self) -> str:
        """The study's name."""
        return self.path.name

    @property
    def toml(self) -> Path:
        """The resolved configuration."""
        return self.path / "study.toml"

    @property
    def database(self) -> Path:
        """Optuna's storage."""
        return self.path / "study.db"

    @property
    def best(self) -> Path:
        """The folder that the winner is written to."""
        return self.path / "best"

    @property
    def current_best(self) -> Path:
        """The folder to read the winner from: `best`, or the complete one that a killed process left."""
        return current_folder(self.best)

    @property
    def left_out(self) -> Path:
        """The file that lists the rows that were left out and why, one per line."""
        return self.path / "left-out.txt"

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.path / "report.html"

    @property
    def updated(self) -> float:
        """The time of the last change, in seconds since 1970."""
        return max(path.stat().st_mtime for path in (self.toml, self.summary) if path.exists())

    @property
    def summary(self) -> Path:
        """The study so far."""
        return self.path / "summary.json"

    @property
    def trials(self) -> Path:
        """The folder of the trials' records and weights."""
        return self.path / "trials"

    def rows(self, split: str) -> Path:
        """The file that keeps the rows of a split if they were given in Python."""
        return self.path / "data" / f"{split}.jsonl"

    @property
    def confirmation(self) -> Path:
        """The folder of the confirmation runs."""
        return self.path / "confirmation"

    @property
    def refit(self) -> Path:
        """The folder of the winner that was trained again on the training and dev rows together."""
        return self.path / "refit"

    def lock(self) -> AbstractContextManager[HeldLock]:
        """Create the folder if needed, and hold its lock while the block runs; raises StudyError."""
        with explained(self.path):
            self.trials.mkdir(parents=True, exist_ok=True)
        return study_lock(self.path / "lock")

    def create_or_open(self, config: StudyConfig, provenance: Provenance) -> bool:
        """Create the study, or check that the one on disk is the same. Call it while holding the lock.

        Returns:
            Whether the study was created.

        Raises:
            StudyError: the study on disk differs, as `refuse_if_changed` says.
        """
        if self.toml.exists():
            self.refuse_if_changed(config, provenance)
            return False
        about = {
            "study": {"name": self.name, "created": datetime.now(UTC).isoformat("T", "seconds")},
            "provenance": asdict(provenance),
        }
        write_text(self.toml, f"{to_toml(config)}\n{tomli_w.dumps(about)}")
        return True

    def refuse_if_changed(self, config: StudyConfig, provenance: Provenance) -> None:
        """Raise a StudyError that lists every difference between the study on disk and the given one."""
        differences = differences_of((self.read_config(), self.read_provenance()), (config, provenance))
        if differences:
            raise StudyError(
                f"the study {self.name!r} in {self.path.parent} was started with other settings;"
                f" {'; '.join(differences)}",
                next_step="Start a new study under another name with --study, or in another folder with"
                " --studies. To continue this study, use its settings and rows.",
                code="study-differs",
            )

    def read_config(self) -> StudyConfig:
        """The study's configuration; raises StudyError if study.toml cannot be read."""
        with readable(self.toml, self.versions):
            return from_toml(self.toml)

    def read_provenance(self) -> Provenance:
        """What the study's configuration resolved to; raises StudyError if study.toml cannot be read."""
        with readable(self.toml, self.versions):
            return checked(Provenance, read_toml(self.toml)["provenance"])

    def earlier_provenance(self) -> Provenance | None:
        """What the study resolved to when it started; None if it has not started."""
        return self.read_provenance() if self.toml.exists() else None

    def read_trials(self) -> list[TrialRecord]:
        """The trials that have ended, by number, without the unreadable ones: see `unreadable_trials`."""
        return [found for _, found in self._read_each() if isinstance(found, TrialRecord)]

    def unreadable_trials(self) -> list[str]:
        """A line for each file in the folder of records that cannot be read as a record."""
        return [f"{path}: {problem}" for path, problem in self.unreadable_files().items()]

    def unreadable_files(self) -> dict[Path, str]:
        """Each file in the folder of records that cannot be read as a record, and why."""
        return {path: found for path, found in self._read_each() if isinstance(found, str)}

    def write_trial(self, record: TrialRecord) -> None:
        """Acknowledge the trial: once this returns, the record is never lost. Raises StudyError."""
        path = self.trials / f"{record.number:04d}.json"
        written_in(self.trials, lambda: write_json(path, as_json(record)))

    def read_summary(self) -> StudySummary | None:
        """The study's summary; None if there is none yet. Raises StudyError if it cannot be read."""
        if not self.summary.exists():
            return None
        with readable(self.summary, self.versions):
            return summary_from_json(read_json(self.summary))

    def versions(self) -> dict[str, Any]:
        """The versions that the study's files name, as far as they can be read."""
        found: list[Any] = []
        with suppress(Exception):
            found.append(dict(read_toml(self.toml)["provenance"]["versions"]))
        with suppress(Exception):
            found.append(dict(read_json(self.summary)["versions"]))
        return next((one for one in reversed(found) if newer_version(one)), found[-1] if found else {})

    def summary_as_it_stands(self) -> StudySummary | None:
        """The summary for a report, corrected for what changed since it was written.

        A study in the state "running" whose process has ended is interrupted. The best trial is the best of
        the records, because a run updates the summary only at its end. The model folder is where it is now.
        """
        summary = self.read_summary()
        if summary is None:
            return None
        if summary.state == "running" and not is_held(self.path / "lock"):
            summary = replace(summary, state="interrupted")
        if summary.state != "finished":
            summary = with_runs(summary, ConfirmationFolder(self.confirmation))
            summary = replace(summary, **standing(summary, self.read_trials()))
        return replace(summary, model_folder=str(self.best) if summary.model_folder else None)

    def write_summary(self, summary: StudySummary) -> None:
        """Write the study's summary; raises StudyError."""
        write_json(self.summary, as_json(summary))

    def keep_weights(self, number: int, write: Callable[[Path], None]) -> None:
        """Keep a trial's weights: ``write`` is called with the path to write them to. Raises StudyError.

        Call it before the trial's record is written: if the process is killed in between, the trial is
        trained again.
        """
        self._kept.keep(_weights(number), write)

    def weights(self, number: int) -> Path | None:
        """The file with a trial's weights; None if not kept. Raises StudyError if the file is damaged."""
        return self._kept.find(_weights(number))

    def has_weights(self, number: int) -> bool:
        """Whether a trial's weights are kept and undamaged."""
        with suppress(StudyError):
            return self.weights(number) is not None
        return False

    def drop_weights_except(self, numbers: Collection[int]) -> None:
        """Delete the weights of all other trials; raises StudyError."""
        its = self._kept
        its.drop((its.listed() | its.on_disk()) - {_weights(number) for number in numbers})

    def numbers_with_weights(self) -> set[int]:
        """The trials whose weights are kept."""
        return {int(Path(name).stem) for name in self._kept.listed() if Path(name).stem.isdecimal()}

    @property
    def _kept(self) -> KeptWeights:
        return KeptWeights(self.trials)

    def _read_each(self) -> Iterator[tuple[Path, TrialRecord | str]]:
        paths = (path for path in self.trials.glob("*.json") if path.name != MANIFEST and path.name[0] != ".")
        found = [(path, _trial_or_problem(path)) for path in paths]
        return iter(sorted(found, key=lambda one: (getattr(one[1], "number", 0), one[0].name)))


def _weights(number: int) -> str:
    return f"{number:04d}.safetensors"


def _trial_or_problem(path: Path) -> TrialRecord | str:
    """The record in the file, or what is wrong with the file."""
    try:
        record = trial_from_json(read_json(path))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return f"not a trial record ({type(error).__name__}: {error})"
    if path.name != f"{record.number:04d}.json":
        return f"the record of trial {record.number}, in a file of another name"
    return record


@contextmanager
def readable(path: Path, versions: Callable[[], Mapping[str, Any]]) -> Iterator[None]:
    """Turn an error in reading one of the study's files into a StudyError that names newer versions."""
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        problem = f"{path} cannot be read: {type(error).__name__}: {error}"
        if newer := newer_version(versions()):
            raise newer_study(problem, newer) from error
        raise StudyError(
            problem,
            next_step="Restore the file from a backup, or start another study with --study.",
            code="study-unreadable",
        ) from error


def newer_study(problem: str, newer: str) -> StudyError:
    """The error about a study that this version cannot read, because a newer one wrote it."""
    return StudyError(
        f"{problem}. The study was written by adaptkit {newer}, and this is adaptkit {own_version()}",
        next_step=f"Upgrade: pip install 'adaptkit>={newer}'.",
        code="newer-study",
    )
