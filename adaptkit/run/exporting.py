"""Writes a study's winner to a folder of the user, as weights or as ONNX."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError, StudyError
from adaptkit.run.finalize import export_trial
from adaptkit.run.study import no_winner
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import winning_trial
from adaptkit.system.files import new_folder
from adaptkit.tasks import registry

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.task import Task


@dataclass(frozen=True, kw_only=True)
class Winner:
    """A study's winner, and what describes it."""

    folder: StudyFolder
    config: StudyConfig
    summary: StudySummary
    task: Task
    trial: TrialRecord


def export_winner_to(folder: StudyFolder, to: Path, *, merge: bool) -> tuple[TrialRecord, Path]:
    """Write the winner, and verify it.

    Args:
        folder: the study's folder.
        to: the folder to write, which must be new or empty.
        merge: write a complete model instead of a LoRA adapter.

    Returns:
        The winning trial, and the folder without symbolic links.

    Raises:
        StudyError: the study has no winner yet, or its files do not fit together.
        ConfigError: there is nothing to merge, or the folder exists.
        ExportError: the exported model does not give the winner's logits.
    """
    winner = winner_of(folder)
    if merge and not winner.summary.adapter:
        raise ConfigError(
            f"--merge for a study with the strategy {winner.config.strategy!r}",
            expected="a study whose trials are saved as adapters, as with the strategy 'lora'",
            next_step="Leave out --merge.",
            code="nothing-to-merge",
        )
    to = new_place(to)
    export_trial(
        folder, winner.config, winner.task, winner.summary.labels, winner.summary, winner.trial, to,
        merge=merge, written=new_folder,
    )  # fmt: skip
    return winner.trial, to


def winner_of(folder: StudyFolder) -> Winner:
    """The study's winner; raises StudyError if it has none yet, or its files do not fit together."""
    config, summary = folder.read_config(), folder.read_summary()
    best = _winner(folder, summary)
    assert summary is not None  # noqa: S101 (else there is no winner)
    if (summary.task, summary.strategy, summary.model) != (config.task, config.strategy, config.model):
        raise StudyError(
            f"{folder.summary} does not fit {folder.toml}: task, strategy or model differ",
            next_step="Restore both files, or run the same 'adaptkit tune' command again.",
            code="study-inconsistent",
        )
    task = registry.load(config.task, config.options)
    return Winner(folder=folder, config=config, summary=summary, task=task, trial=best)


def new_place(to: Path) -> Path:
    """The folder without symbolic links; raises ConfigError unless it is new or empty."""
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(
            f"{to} already exists",
            expected="a new or empty folder",
            next_step="Choose another folder with --to.",
            code="folder-exists",
        )
    return Path(os.path.realpath(to))


def _winner(folder: StudyFolder, summary: StudySummary | None) -> TrialRecord:
    records = folder.read_trials()
    best = winning_trial(summary, records) if summary else None
    if summary and best and summary.best not in {None, *(record.number for record in records)}:
        raise StudyError(
            f"the record of trial {summary.best}, the winner of {folder.name!r}, is missing or unreadable",
            next_step="Run the same 'adaptkit tune' command again: it rebuilds the record.",
            code="record-lost",
        )
    if best is None:
        raise no_winner(folder.name)
    return best
