"""The space of the next trial: its range is extended where the best of several trials is at the edge."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.study import StudyDirection
from optuna.trial import FrozenTrial

from adaptkit.search.importance import score_of
from adaptkit.search.space import SearchSpace

FEWEST = 4
"""The scored trials from which on a range may be extended."""


def extended_space(
    space: SearchSpace, trials: Sequence[FrozenTrial], direction: StudyDirection
) -> SearchSpace:
    """The space, or the space with its range extended at one edge.

    Args:
        space: the study's space.
        trials: all trials so far.
        direction: of the study.
    """
    scores = {trial.number: score_of(trial, direction) for trial in trials}
    known = {number: score for number, score in scores.items() if score is not None}
    if len(known) < FEWEST:
        return space
    sign = 1 if direction == StudyDirection.MAXIMIZE else -1
    best = max(known, key=lambda number: sign * known[number])
    return space.extended(trials[best].params)
