"""Writes a study's winner to a folder of the user."""

from __future__ import annotations

import os
from pathlib import Path

from adaptkit.errors import ConfigError, StudyError
from adaptkit.run.finalize import export_trial
from adaptkit.run.study import no_winner
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import StudySummary, TrialRecord
from adaptkit.study.winner import winning_trial
from adaptkit.system.files import new_folder
from adaptkit.tasks import registry


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
    config, summary = folder.read_config(), folder.read_summary()
    best = _winner(folder, summary)
    assert summary is not None  # noqa: S101 (else there is no winner)
    if (summary.task, summary.strategy, summary.model) != (config.task, config.strategy, config.model):
        raise StudyError(
            f"{folder.summary} does not fit {folder.toml}: task, strategy or model differ",
            next_step="Restore both files, or run the same 'adaptkit tune' command again.",
            code="study-inconsistent",
        )
    if merge and config.strategy != "lora":
        raise ConfigError(
            f"--merge for a study with the strategy {config.strategy!r}",
            expected="a study with the strategy 'lora'",
            next_step="Leave out --merge.",
            code="nothing-to-merge",
        )
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise ConfigError(
            f"{to} already exists",
            expected="a new or empty folder",
            next_step="Choose another folder with --to.",
            code="folder-exists",
        )
    task = registry.load(config.task, config.options)
    to = Path(os.path.realpath(to))
    export_trial(folder, config, task, summary.labels, summary, best, to, merge=merge, written=new_folder)
    return best, to


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
