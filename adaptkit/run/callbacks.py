"""Callbacks: objects that are called when trials start, are scored and end, and when a study ends."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError
from adaptkit.run.study import Study
from adaptkit.study.record import TrialRecord

if TYPE_CHECKING:
    from adaptkit.engine.types import RungReport
    from adaptkit.search.suggestion import Suggestion

EVENTS = ("on_trial_start", "on_rung_end", "on_trial_end", "on_study_end")


@dataclass(frozen=True, kw_only=True)
class StartedTrial:
    """A trial that trains now."""

    number: int
    hyperparameters: Mapping[str, float]
    seed: int
    origin: str
    """Where its hyperparameters come from: "default", "search", or "retry of trial 3"."""


@dataclass(frozen=True, kw_only=True)
class RungScore:
    """The scores of a trial after one rung, which is the training between two evaluations."""

    number: int
    """Counted from 0."""

    epoch: float
    """Epochs trained so far; a fraction within an epoch."""

    loss: float
    score: float
    """The optimised number."""

    values: Mapping[str, float]
    """Every number that the task reports, on the dev rows."""


def started_trial(suggestion: Suggestion) -> StartedTrial:
    """The trial that the search has suggested."""
    return StartedTrial(
        number=suggestion.number, hyperparameters=dict(suggestion.hyperparameters),
        seed=suggestion.seed, origin=suggestion.origin,
    )  # fmt: skip


def rung_score(report: RungReport) -> RungScore:
    """The scores that the engine reports after a rung."""
    return RungScore(
        number=report.rung, epoch=report.epoch, loss=report.loss, score=report.score,
        values=dict(report.scores.values),
    )  # fmt: skip


class Callback:
    """A callback that does nothing: override the methods you need.

    Any object with some of these methods is a callback. They are called in the process that runs the study,
    between training steps. An exception in one of them is reported as a warning of the study; the study goes
    on.
    """

    def on_trial_start(self, study: Study, trial: StartedTrial) -> None:
        """A trial starts to train."""

    def on_rung_end(self, study: Study, trial: StartedTrial, rung: RungScore) -> None:
        """A trial was scored on the dev rows."""

    def on_trial_end(self, study: Study, trial: TrialRecord) -> None:
        """A trial has ended, and its record is on disk. ``trial.state`` and ``trial.reason`` say how."""

    def on_study_end(self, study: Study) -> None:
        """The run has ended. ``study.summary.state`` is "finished", "interrupted" or "failed"."""


class Callbacks:
    """Calls callbacks, and keeps their exceptions away from the study."""

    def __init__(self, callbacks: Sequence[object]) -> None:
        self._callbacks = tuple(callbacks)
        self._failed: set[tuple[int, str]] = set()

    def __bool__(self) -> bool:
        return bool(self._callbacks)

    def call(self, event: str, study: Study, *about: object) -> list[str]:
        """Call this method of all callbacks; gives a line for each that fails for the first time."""
        problems = []
        for place, callback in enumerate(self._callbacks):
            method = getattr(callback, event, None)
            if method is None:
                continue
            try:
                method(study, *about)
            except Exception as error:
                if (place, event) not in self._failed:
                    problems.append(_in_words(callback, event, error))
                self._failed.add((place, event))
        return problems


def checked_callbacks(given: object) -> tuple[object, ...]:
    """The callbacks, from one or from several.

    Raises:
        ConfigError: one of them has none of the methods, or is a class instead of an object.
    """
    found = tuple(given) if isinstance(given, (list, tuple, set, frozenset)) else (given,)
    for callback in found:
        methods = [getattr(callback, event, None) for event in EVENTS]
        if isinstance(callback, type) or not any(map(callable, methods)):
            raise ConfigError(
                f"callbacks: {callback!r:.80} is not a callback",
                expected=f"objects with one of the methods {', '.join(EVENTS)}",
                next_step="Pass an object of the class." if isinstance(callback, type)
                else "Derive its class from adaptkit.Callback.",
                code="not-a-callback",
            )  # fmt: skip
    return found


def _in_words(callback: object, event: str, error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames else ""
    name = f"{type(callback).__name__}.{event}"
    return f"the callback {name} failed: {type(error).__name__}: {error}{place}; the study went on"
