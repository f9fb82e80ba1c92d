"""Rebuilds a damaged ``study.db`` from the trial records, and converts records to Optuna's trials."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from optuna.trial import FrozenTrial, TrialState, create_trial

from adaptkit.errors import StudyError
from adaptkit.search.space import SearchSpace
from adaptkit.search.storage import close_storage, damage_of, open_storage, open_study, rebuild, writing
from adaptkit.search.suggestion import CONFIGURATIONS, DRAWN_FOR, derived, first_of_attempts
from adaptkit.study.record import INTERRUPTED, TrialRecord, as_json
from adaptkit.system.files import finite

RECORD = "record"
"""The user attribute of Optuna's trial that holds its record as JSON."""

LONGEST_RECORD = 2**20
"""The most characters of a record that is kept in Optuna's study: enough for thousands of classes."""

LOST = f"{INTERRUPTED}: its record was lost; queued again"


def repair(
    database: Path, records: Sequence[TrialRecord], space: SearchSpace, direction: str, seed: int
) -> list[str]:
    """Rebuild the database if it is damaged or lacks a recorded trial. ``seed`` is the study's.

    Returns:
        A warning that says what was done; empty if nothing was.
    """
    if database.exists() and database.stat().st_size > 0:
        damage = damage_of(database) or _disagreement(database, records, direction)
    else:
        damage = "it is missing or empty" if records else ""
    if not damage:
        return []
    aside = rebuild(database, direction, _trials_of(records, space), _draws_of(records, seed))
    kept = f"; the old file is kept as {aside}" if aside else ""
    return [f"{database} was damaged ({damage}). It was rebuilt from {len(records)} trial records{kept}"]


def _disagreement(database: Path, records: Sequence[TrialRecord], direction: str) -> str:
    """The recorded trial that the database lacks, in words; empty if it has all."""
    try:
        storage = open_storage(database)
    except ValueError as error:
        return str(error)
    try:
        with writing(database):
            trials = open_study(storage, direction).get_trials(deepcopy=False)
    finally:
        close_storage(storage)
    for record in records:
        if record.number >= len(trials) or not _is_of(trials[record.number], record):
            return f"it lacks trial {record.number}"
    return ""


def _is_of(trial: FrozenTrial, record: TrialRecord) -> bool:
    same = all(record.hyperparameters.get(name) == value for name, value in trial.params.items())
    counts_twice = record.reason == LOST and trial.state in (TrialState.COMPLETE, TrialState.PRUNED)
    return same and trial.state != TrialState.WAITING and not counts_twice


def _trials_of(records: Sequence[TrialRecord], space: SearchSpace) -> list[FrozenTrial]:
    """The recorded trials, each at the position of its number. Lost trials in between do not count."""
    recorded = {record.number: record for record in records}
    lost = create_trial(
        state=TrialState.FAIL, user_attrs={"reason": f"{INTERRUPTED}: lost with a damaged study.db"}
    )
    numbers = range(max(recorded, default=-1) + 1)
    return [_as_trial(recorded[number], space) if number in recorded else lost for number in numbers]


def _draws_of(records: Sequence[TrialRecord], seed: int) -> dict[str, str]:
    """The attribute that says what the study's draws depend on; none if its trials are of version 0.1.0.

    Version 0.1.0 derived the seed of a trial from its number, and later versions from the place of its
    configuration. If the seeds agree with both, the number of trials and that of configurations are the same
    for all draws so far, so that no draw is repeated.
    """
    known = [record for record in records if record.seed]  # 0: its record was lost
    first = {number: number for number in range(max((record.number for record in records), default=-1) + 1)}
    first |= {record.number: first_of_attempts(record.number, record.origin) for record in records}
    places = {number: place for place, number in enumerate(sorted(set(first.values())))}
    by_number = all(record.seed == derived(seed, "trial", first[record.number]) for record in known)
    by_place = all(record.seed == derived(seed, "trial", places[first[record.number]]) for record in known)
    return {} if by_number and not by_place else {DRAWN_FOR: CONFIGURATIONS}


def _as_trial(record: TrialRecord, space: SearchSpace) -> FrozenTrial:
    distributions = space.widest().as_distributions()
    state, value = outcome(record)
    scores = finite_scores(record)
    if state == TrialState.PRUNED and scores:
        value = scores[max(scores)]
    try:
        return create_trial(
            state=state,
            value=value,
            params={name: record.hyperparameters[name] for name in distributions},
            distributions=distributions,
            user_attrs=attributes(record),
            intermediate_values=scores,
        )
    except (KeyError, ValueError) as error:
        raise StudyError(
            f"the record of trial {record.number} is not in this study's search space: {error}",
            next_step=f"Move {record.number:04d}.json out of the study's folder 'trials' and run the same"
            " command again.",
            code="record-outside-space",
        ) from error


def outcome(record: TrialRecord) -> tuple[TrialState, float | None]:
    """The state and the score for Optuna. A score that is not finite makes FAIL: infinity would win."""
    if record.state == "pruned":
        return TrialState.PRUNED, None
    if record.state == "complete" and record.score is not None and math.isfinite(record.score):
        return TrialState.COMPLETE, record.score
    return TrialState.FAIL, None


def finite_scores(record: TrialRecord) -> dict[int, float]:
    """The trial's scores by rung, as Optuna's intermediate values."""
    return {rung: one.score for rung, one in enumerate(record.rungs) if math.isfinite(one.score)}


def attributes(record: TrialRecord) -> dict[str, str]:
    """The user attributes for Optuna's trial. One is the record itself, in case its file is lost."""
    found = {"origin": record.origin, "reason": record.reason}
    text = json.dumps(finite(as_json(record)))
    return {**found, RECORD: text} if len(text) <= LONGEST_RECORD else found
