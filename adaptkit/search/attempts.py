"""The attempts at one configuration: a trial that was interrupted is tried again as another trial."""

from __future__ import annotations

import json
from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from adaptkit.search.repair import LOST, RECORD
from adaptkit.search.suggestion import first_of_attempts
from adaptkit.study.record import INTERRUPTED

KILLED = f"{INTERRUPTED}: its process was killed; queued again"
KILLED_TWICE = "its process was killed twice while it ran; not tried again"
KILLED_AMONG_OTHERS = f"{INTERRUPTED}: its process was killed with other trials in it; queued again"
"""The reason if several trials were running. It does not count as a kill of the trial, because any of them
may be the cause."""

NOT_ITS_FAULT = f"{INTERRUPTED}: its machine was lost, or its worker before it began; queued again"
"""This does not count as a kill of the trial either."""

NOT_BEGUN = f"{INTERRUPTED}: its process was killed before it began"

UNUSED = "unused"
"""The attribute of a trial that had not begun, and whose configuration is drawn again."""

MOST_SPLITS = 100
"""So many configurations have a split of their own; further ones have these splits again. Chosen, not
measured."""


def is_interrupted(trial: FrozenTrial) -> bool:
    """Whether it was interrupted from outside."""
    reason = str(trial.user_attrs.get("reason", ""))
    return trial.state == TrialState.FAIL and reason.startswith(INTERRUPTED)


def counts(trial: FrozenTrial) -> bool:
    """Whether it counts towards the study's total."""
    return trial.state.is_finished() and not is_interrupted(trial)


def origin_of(trial: FrozenTrial) -> str:
    """ "default", "search", or "retry of trial 3"."""
    return str(trial.user_attrs.get("origin", "search"))


def first_attempt(trial: FrozenTrial) -> int:
    """The number of the trial that this one retries, or its own."""
    return first_of_attempts(trial.number, origin_of(trial))


def configurations(trials: Sequence[FrozenTrial]) -> list[int]:
    """The number of the first attempt at each configuration."""
    return sorted({first_attempt(one) for one in trials if UNUSED not in one.user_attrs})


def attempts_like(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """All trials of the same configuration, by number."""
    return [one for one in trials if first_attempt(one) == first_attempt(trial)]


def place_of(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> int:
    """The place of its configuration among all: 0 for the default. A trial that is retried keeps it.

    So what follows from the place does not depend on how often the study was interrupted before.
    """
    return sum(one < first_attempt(trial) for one in configurations(trials))


def recorded(attempts: Sequence[FrozenTrial], name: str) -> int | None:
    """The seed or the split that the first recorded of these attempts had; None if there is none."""
    for one in attempts:
        if RECORD in one.user_attrs and one.user_attrs.get("reason") != LOST:
            value: int | None = json.loads(one.user_attrs[RECORD]).get(name)
            return value
    return None


def split_of(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> int:
    """The split of its configuration: as recorded, or by its place."""
    known = recorded(attempts_like(trial, trials), "split")
    return place_of(trial, trials) % MOST_SPLITS if known is None else known


def splits_of(trials: Sequence[FrozenTrial], total: int) -> int:
    """How many splits a study of so many trials has, if each configuration has its own.

    Studies of an earlier version may have left splits out, so a recorded one can be higher than the places.
    """
    highest = max((recorded([one], "split") or 0 for one in trials), default=0)
    return max(min(MOST_SPLITS, max(len(configurations(trials)), total)), highest + 1)
