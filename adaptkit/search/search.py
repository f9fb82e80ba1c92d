"""The search: asks Optuna for trials and tells it their results. Every trial counts exactly once.

Four rules keep the total exact, however often the process is killed:

- A trial is *acknowledged* when its record is on disk. Only then is its result passed to Optuna. If a trial
  is RUNNING in ``study.db`` but has a record, the record is passed to Optuna when the search is opened.
- A trial that is RUNNING and has no record is an *orphan* of a killed process. `Search.orphans` gives a
  record for each. Write it and pass it to `Search.tell` like any other; the trial becomes FAIL.
- A record whose reason begins with "interrupted" (a signal, or the first kill of a trial) does not count
  towards the total. Its configuration is queued again with the same seed, and the origin of the new trial
  names the first attempt: "retry of trial 3". If the process was killed twice in a configuration, it counts
  as failed and is not tried again, because it may be the cause. Signals do not count as kills.
- The random draws for a configuration depend on the study's seed and on how many there were before. So a
  study does not repeat them, and a study that was interrupted draws the same as one that was not.

Only one process may write, while it holds the study's lock.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import optuna
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState

from adaptkit.search.attempts import (
    KILLED,
    KILLED_AMONG_OTHERS,
    KILLED_TWICE,
    NOT_BEGUN,
    NOT_ITS_FAULT,
    UNUSED,
    attempts_like,
    configurations,
    counts,
    first_attempt,
    is_interrupted,
    origin_of,
    place_of,
    recorded,
    split_of,
    splits_of,
)
from adaptkit.search.extension import extended_space
from adaptkit.search.importance import importances
from adaptkit.search.recovery import restore
from adaptkit.search.repair import attributes, finite_scores, outcome
from adaptkit.search.space import SearchSpace
from adaptkit.search.storage import close_storage, open_storage, open_study, writing
from adaptkit.search.suggestion import CONFIGURATIONS, DRAWN_FOR, Suggestion, derived
from adaptkit.study.record import TrialRecord


@contextmanager
def open_search(
    database: Path,
    records: Sequence[TrialRecord],
    *,
    space: SearchSpace,
    direction: str,
    seed: int,
    trials: int,
    reshuffle: bool = False,
) -> Iterator[Search]:
    """Open the search of a new or existing study while the block runs; repair it from its records if needed.

    Args:
        database: the file of Optuna's storage.
        records: the study's trial records.
        space: the search space.
        direction: "maximize" or "minimize".
        seed: the study's seed.
        trials: the study's total.
        reshuffle: whether each configuration has a split into training and dev rows of its own.

    Raises:
        StudyError: the database cannot be written.
    """
    recovered, warnings = restore(database, records, space, direction, seed)
    records = [*records, *recovered]
    with writing(database):
        storage = open_storage(database)
    try:
        with writing(database):
            study = open_study(storage, direction)
            search = Search(
                database, storage, study, space=space, seed=seed, trials=trials, reshuffle=reshuffle
            )
            search._begin(records, warnings)
            search.recovered = tuple(recovered)
        yield search
    finally:
        close_storage(storage)


class Search:
    """An open search, created by `open_search`. Every method raises StudyError if the database fails."""

    orphans: Sequence[TrialRecord] = ()
    """A record for each trial of a killed process. Write each, then call `tell`, before the first `ask`."""

    recovered: Sequence[TrialRecord] = ()
    """The records whose files were lost, rebuilt from the database. Write each before the first `ask`."""

    warnings: Sequence[str] = ()
    """What was repaired."""

    def __init__(
        self,
        database: Path,
        storage: RDBStorage,
        study: optuna.Study,
        *,
        space: SearchSpace,
        seed: int,
        trials: int,
        reshuffle: bool,
    ) -> None:
        self._database = database
        self._storage = storage
        self._study = study
        self._space = space
        self._seed = seed
        self._total = trials
        self._reshuffle = reshuffle
        self._asked: dict[int, int] = {}  # trial number → its id in the storage
        self._counts_trials = False  # whether draws depend on the number of trials instead, as they once did

    @property
    def remaining(self) -> int:
        """The trials that may still be asked for: the total minus those that count and those that run."""
        taken = [trial for trial in self._trials() if trial.state == TrialState.RUNNING or counts(trial)]
        return max(0, self._total - len(taken))

    @property
    def splits(self) -> int:
        """How many splits the study's trials have, those that are still to be asked for included."""
        if not self._reshuffle:
            return 1
        return splits_of(self._trials(), self._total)

    def ask(self, count: int) -> list[Suggestion]:
        """Up to ``count`` trials to train, or fewer if fewer remain. Interrupted trials come first."""
        return [self._suggest() for _ in range(min(count, self.remaining))]

    def report(self, number: int, rung: int, score: float) -> None:
        """Report a running trial's score at a rung to Optuna, for dashboards."""
        if math.isfinite(score):
            with writing(self._database):
                self._storage.set_trial_intermediate_value(self._asked[number], rung, score)

    def tell(self, record: TrialRecord) -> None:
        """Tell Optuna how a running trial ended. Its record must already be on disk.

        An interrupted trial is queued again. A complete trial without a finite score becomes FAIL.

        Raises:
            ValueError: the trial is not running.
        """
        state, value = outcome(record)
        with writing(self._database):
            trial = self._running(record.number)
            for rung, score in finite_scores(record).items():
                if trial.intermediate_values.get(rung) != score:
                    self._storage.set_trial_intermediate_value(trial._trial_id, rung, score)
            for name, attribute in attributes(record).items():
                self._storage.set_trial_user_attr(trial._trial_id, name, attribute)
            if record.interrupted:
                # First queue it, then set FAIL: after a kill in between, `tell` runs again and does not
                # queue it twice.
                self._queue_again(record.number)
            self._study.tell(record.number, value, state)

    def lost(self, number: int, *, alone: bool, suspect: bool) -> TrialRecord:
        """The record of a running trial whose worker was lost. Write it, then pass it to `tell`.

        Args:
            number: the trial's.
            alone: whether it was the worker's only trial.
            suspect: whether a trial of the worker may be the cause.
        """
        record = self._orphan(self._running(number), alone=alone)
        return record if suspect else replace(record, reason=NOT_ITS_FAULT)

    def importances(self) -> dict[str, float]:
        """Each searched hyperparameter's importance, in sum 1; empty if too few trials count."""
        return importances(self._trials(), self._study.direction)

    def _begin(self, records: Sequence[TrialRecord], warnings: Sequence[str]) -> None:
        """Bring Optuna's study to the state of the records."""
        self.warnings = warnings
        if not self._trials():
            self._study.set_user_attr(DRAWN_FOR, CONFIGURATIONS)
            self._study.enqueue_trial(self._space.default, user_attrs={"origin": "default"})
        self._counts_trials = DRAWN_FOR not in self._study.user_attrs
        recorded = {record.number: record for record in records}
        running = [trial for trial in self._trials() if trial.state == TrialState.RUNNING]
        for trial in running:
            if trial.number in recorded:
                self.tell(recorded[trial.number])
            elif not self._has_all_parameters(trial):
                self._storage.set_trial_user_attr(trial._trial_id, "reason", NOT_BEGUN)
                self._storage.set_trial_user_attr(trial._trial_id, UNUSED, True)
                self._study.tell(trial.number, state=TrialState.FAIL)
        for trial in self._trials():
            if is_interrupted(trial):
                self._queue_again(trial.number)
        lost = (trial for trial in running if trial.number not in recorded)
        orphans = [trial for trial in lost if self._has_all_parameters(trial)]
        self.orphans = tuple(self._orphan(trial, alone=len(orphans) == 1) for trial in orphans)

    def _suggest(self) -> Suggestion:
        with writing(self._database):
            self._study.sampler = TPESampler(
                seed=derived(self._seed, "draws", self._drawn()),
                n_startup_trials=min(10, max(4, self._total // 3)),
                constant_liar=True,
            )
            self._queue_first_point()
            space = extended_space(self._space, self._trials(), self._study.direction)
            asked = self._study.ask(space.as_distributions())
            trial = self._trials()[asked.number]
        self._asked[trial.number] = trial._trial_id
        return Suggestion(
            number=trial.number,
            hyperparameters={**trial.params, **self._space.fixed},
            seed=self._seed_of(trial),
            origin=origin_of(trial),
            split=self._split_of(trial),
        )

    def _queue_first_point(self) -> None:
        """Queue the space's own point for the next trial, if it has one and no other trial waits."""
        points = self._space.first_points(self._seed)
        place = self._drawn() - 1  # the default comes first
        waits = any(trial.state == TrialState.WAITING for trial in self._trials())
        if 0 <= place < len(points) and not waits:
            self._study.enqueue_trial(points[place], user_attrs={"origin": "search"})

    def _orphan(self, trial: FrozenTrial, *, alone: bool) -> TrialRecord:
        deaths = [
            one for one in attempts_like(trial, self._trials()) if one.user_attrs.get("reason") == KILLED
        ]
        reason = KILLED_TWICE if deaths else KILLED
        return TrialRecord(
            number=trial.number,
            state="fail",
            reason=reason if alone else KILLED_AMONG_OTHERS,
            origin=origin_of(trial),
            hyperparameters={**trial.params, **self._space.fixed},
            seed=self._seed_of(trial),
            split=self._split_of(trial),
        )

    def _queue_again(self, number: int) -> None:
        """Queue an interrupted trial's configuration again, unless it is queued already or unknown."""
        attempts = attempts_like(self._trials()[number], self._trials())
        first = first_attempt(attempts[0])
        known = [one.params for one in attempts if self._has_all_parameters(one)]
        if first == 0:
            known.append(self._space.default)
        if attempts[-1].number == number and known:
            self._study.enqueue_trial(known[0], user_attrs={"origin": f"retry of trial {first}"})

    def _drawn(self) -> int:
        """How many configurations there are so far."""
        trials = self._trials()
        return len(trials) if self._counts_trials else len(configurations(trials))

    def _seed_of(self, trial: FrozenTrial) -> int:
        """The seed of its configuration: as recorded, or by its place among all configurations."""
        known = recorded(attempts_like(trial, self._trials()), "seed")
        place = first_attempt(trial) if self._counts_trials else place_of(trial, self._trials())
        return derived(self._seed, "trial", place) if known is None else known

    def _split_of(self, trial: FrozenTrial) -> int:
        return split_of(trial, self._trials()) if self._reshuffle else 0

    def _has_all_parameters(self, trial: FrozenTrial) -> bool:
        """Whether all hyperparameters were stored before the process was killed."""
        return trial.params.keys() == self._space.default.keys()

    def _running(self, number: int) -> FrozenTrial:
        trial = self._trials()[number]
        if trial.state != TrialState.RUNNING:
            raise ValueError(f"trial {number} is {trial.state.name}, not running")
        return trial

    def _trials(self) -> list[FrozenTrial]:
        """All trials, each at the position of its number."""
        with writing(self._database):
            return self._study.get_trials(deepcopy=False)
