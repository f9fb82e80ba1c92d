"""Rebuilds trial records whose files are lost from ``study.db``, or has their trials trained again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState

from adaptkit.search.repair import LOST, RECORD, repair
from adaptkit.search.space import SearchSpace
from adaptkit.search.storage import close_storage, open_storage, open_study, writing
from adaptkit.study.record import INTERRUPTED, TrialRecord, trial_from_json


def restore(
    database: Path, records: Sequence[TrialRecord], space: SearchSpace, direction: str, seed: int
) -> tuple[list[TrialRecord], list[str]]:
    """Bring the database and the records to agree: first repair the database, then rebuild lost records.

    Returns:
        The records to be written again, and warnings that say what was done.

    Raises:
        StudyError: the database cannot be used.
    """
    warnings = repair(database, records, space, direction, seed)
    found = _lost_records(_trials_in(database, direction), records, space)
    if any(record.reason == LOST for record in found):
        known = sorted([*records, *found], key=lambda record: record.number)
        warnings += repair(database, known, space, direction, seed)
    return found, [*warnings, *map(_in_words, found)]


def _trials_in(database: Path, direction: str) -> Sequence[FrozenTrial]:
    if not database.exists():
        return []
    with writing(database):
        storage = open_storage(database)
        try:
            return open_study(storage, direction).get_trials(deepcopy=False)
        finally:
            close_storage(storage)


def _lost_records(
    trials: Sequence[FrozenTrial], records: Sequence[TrialRecord], space: SearchSpace
) -> list[TrialRecord]:
    """A record for each trial that has ended in Optuna's study, counts, and has no record any more."""
    recorded = {record.number for record in records}
    ended = [trial for trial in trials if trial.state.is_finished() and trial.number not in recorded]
    lost = [trial for trial in ended if not _was_interrupted(trial)]
    return [_kept_record(trial) or _lost_record(trial, space) for trial in lost]


def _was_interrupted(trial: FrozenTrial) -> bool:
    reason = str(trial.user_attrs.get("reason", ""))
    return trial.state == TrialState.FAIL and (reason.startswith(INTERRUPTED) or not trial.params)


def _kept_record(trial: FrozenTrial) -> TrialRecord | None:
    """The record that is kept in Optuna's trial, if it is there."""
    try:
        record = trial_from_json(json.loads(trial.user_attrs[RECORD]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    return record if record.number == trial.number else None


def _lost_record(trial: FrozenTrial, space: SearchSpace) -> TrialRecord:
    """The record of a trial of version 0.1.0, which kept none in the database. It is trained again."""
    failed = trial.state == TrialState.FAIL
    return TrialRecord(
        number=trial.number,
        state="fail",
        reason=str(trial.user_attrs.get("reason", "not known")) if failed else LOST,
        origin=str(trial.user_attrs.get("origin", "search")),
        hyperparameters={**trial.params, **space.fixed},
        seed=0,
    )


def _in_words(record: TrialRecord) -> str:
    what = "its trial is trained again" if record.reason == LOST else "it was rebuilt from study.db"
    return f"the record of trial {record.number} was missing or could not be read; {what}"
