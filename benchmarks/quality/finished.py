"""A finished study, read from its folder, with the data it was trained on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from adaptkit.config import StudyConfig
from adaptkit.data.load import Dataset, load
from adaptkit.errors import StudyError
from adaptkit.study.folder import StudyFolder
from adaptkit.study.record import StudySummary, TrialRecord, best_trial
from adaptkit.task import Task
from adaptkit.tasks import registry


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A finished study, read from its folder."""

    config: StudyConfig
    summary: StudySummary
    trials: Sequence[TrialRecord]
    winner: TrialRecord
    task: Task
    data: Dataset


def read_study(path: Path, heads: Collection[str]) -> Finished:
    """The study in the folder; raises StudyError if it has not one of these heads, or cannot be compared."""
    folder = StudyFolder(path)
    config, summary, trials = folder.read_config(), folder.read_summary(), folder.read_trials()
    winner = None if summary is None else best_trial(trials, summary.direction)
    if summary is None or winner is None:
        raise StudyError(f"{path} has no trial with a score", next_step="Finish the study first.")
    if winner.reason.startswith("stopped"):
        raise StudyError(
            f"its winner, trial {winner.number}, {winner.reason}",
            expected="a trial trained to its end",
            next_step="Give the study more time.",
        )
    task = registry.load(config.task, config.options)
    if task.head not in heads:
        raise StudyError(
            f"the head {task.head!r}", expected=f"one of {', '.join(heads)}", next_step="Take another study."
        )
    provenance = folder.read_provenance()
    data = load(task, config.data, config.seed, split=provenance.split)
    if data.fingerprint != provenance.data_fingerprint:
        raise StudyError(f"the data of {path} have changed", next_step="Put them back as they were.")
    return Finished(config=config, summary=summary, trials=trials, winner=winner, task=task, data=data)
