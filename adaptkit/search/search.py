"""The search: Optuna proposes, ask and tell, and every trial counts once.

A study's total is exact, however often it is killed, by four rules:

- A trial is *acknowledged* when its record is on disk; Optuna is told after that. A trial that is
  RUNNING in ``study.db`` but has a record is told what the record says, when the search is opened.
- A trial that is RUNNING without a record is an *orphan* of a killed process. `Search.orphans` gives
  a record for each; written and told like any other, it is FAIL.
- A record whose reason begins with "interrupted" (an orphan's first death, a signal) does not count
  towards the total: its configuration is queued again, with its seed, and that trial's origin names
  the first attempt: "retry of trial 3". A configuration whose process was killed twice is not tried
  again and counts as failed, for it may be what kills the process; signals are no such deaths.
- The draws for trial n come from (the study's seed, n), so no resumed study repeats them.

One writer only, under the study's lock. Knows the records; no torch, no task, no other file.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import optuna
from optuna.samplers import TPESampler
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

from adaptkit.search.repair import attributes, finite_scores, outcome, repair
from adaptkit.search.space import Space
from adaptkit.search.storage import close_storage, open_storage, open_study, writing
from adaptkit.study.record import INTERRUPTED, TrialRecord

KILLED = f"{INTERRUPTED}: its process was killed; queued again"
KILLED_TWICE = "its process was killed twice while it ran; not tried again"
KILLED_AMONG_OTHERS = f"{INTERRUPTED}: its process was killed with other trials in it; queued again"
"""Which of them was to blame, if any, nobody knows: this is not counted against the trial."""

NOT_BEGUN = f"{INTERRUPTED}: its process was killed before it began"

MINIMUM_FOR_IMPORTANCES = 8


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A trial to be trained."""

    number: int
    hyperparameters: Mapping[str, float]
    """``learning_rate``, ``batch_size``, ``epochs``, ``weight_decay``, ``warmup``."""

    seed: int
    origin: str
    """"default", "search", or "retry of trial 3"."""

    @property
    def is_default(self) -> bool:
        """Whether it has the strategy's known-good default, at the first attempt or a later one."""
        return self.origin in ("default", "retry of trial 0")


@contextmanager
def open_search(
    database: Path,
    records: Sequence[TrialRecord],
    *,
    space: Space,
    direction: str,
    seed: int,
    trials: int,
) -> Iterator[Search]:
    """Open the search of a study, new or old, repaired from its records; closed when the block ends.

    ``trials`` is the study's total. Raises StudyError if the database cannot be written.
    """
    warnings = repair(database, records, space, direction)
    with writing(database):
        storage = open_storage(database)
    try:
        with writing(database):
            study = open_study(storage, direction)
            search = Search(database, storage, study, space=space, seed=seed, trials=trials)
            search._begin(records, warnings)
        yield search
    finally:
        close_storage(storage)


class Search:
    """An open search; made by `open_search`. Every method raises StudyError if the database fails it."""

    orphans: Sequence[TrialRecord] = ()
    """A record for each trial of a killed process. Write them, then `tell` them, before the first `ask`."""

    warnings: Sequence[str] = ()
    """What had to be repaired, in words."""

    def __init__(
        self,
        database: Path,
        storage: RDBStorage,
        study: optuna.Study,
        *,
        space: Space,
        seed: int,
        trials: int,
    ) -> None:
        self._database = database
        self._storage = storage
        self._study = study
        self._space = space
        self._seed = seed
        self._total = trials
        self._asked: dict[int, int] = {}  # trial number → the storage's own id

    @property
    def remaining(self) -> int:
        """How many trials may still be asked for: the total less those that count and those that run."""
        taken = [trial for trial in self._trials() if trial.state == TrialState.RUNNING or _counts(trial)]
        return max(0, self._total - len(taken))

    def ask(self, count: int) -> list[Suggestion]:
        """Up to ``count`` trials to be trained, fewer if fewer remain; what was interrupted comes first."""
        return [self._suggest() for _ in range(min(count, self.remaining))]

    def report(self, number: int, rung: int, score: float) -> None:
        """Tell Optuna a running trial's score at a rung, so that it can be watched."""
        if math.isfinite(score):
            with writing(self._database):
                self._storage.set_trial_intermediate_value(self._asked[number], rung, score)

    def tell(self, record: TrialRecord) -> None:
        """Tell Optuna how a running trial ended; its record must be on disk by now.

        An interrupted one is queued again. A complete one without a finite score is FAIL.
        Raises ValueError if the trial is not running.
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
                # Before it is FAIL: killed in between, it is told again, and not queued twice.
                self._queue_again(record.number)
            self._study.tell(record.number, value, state)

    def importances(self) -> dict[str, float]:
        """Each searched hyperparameter's share in a trial's success, by PED-ANOVA; ``{}`` if too few tell.

        A pruned trial counts by the best score it had: it was worse than others that had got as far.
        """
        scored = optuna.create_study(direction=self._study.direction)
        scored.add_trials(
            optuna.trial.create_trial(params=trial.params, distributions=trial.distributions, value=value)
            for trial in self._trials()
            if (value := self._best_score(trial)) is not None
        )
        values = [trial.value for trial in scored.trials]
        if len(values) < MINIMUM_FOR_IMPORTANCES or len(set(values)) == 1:
            return {}
        # The best quarter counts as success, not the usual tenth: a small study has no tenth to speak of.
        evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=0.25)
        shares = evaluator.evaluate(scored)
        whole = sum(shares.values())
        return {name: share / whole for name, share in shares.items()} if whole > 0 else {}

    def _begin(self, records: Sequence[TrialRecord], warnings: Sequence[str]) -> None:
        """Bring the study to where its records say it is."""
        self.warnings = warnings
        if not self._trials():
            self._study.enqueue_trial(self._space.default, user_attrs={"origin": "default"})
        recorded = {record.number: record for record in records}
        running = [trial for trial in self._trials() if trial.state == TrialState.RUNNING]
        for trial in running:
            if trial.number in recorded:
                self.tell(recorded[trial.number])
            elif not self._is_whole(trial):
                self._storage.set_trial_user_attr(trial._trial_id, "reason", NOT_BEGUN)
                self._study.tell(trial.number, state=TrialState.FAIL)
        for trial in self._trials():
            if _is_interrupted(trial):
                self._queue_again(trial.number)
        orphans = [trial for trial in running if trial.number not in recorded and self._is_whole(trial)]
        self.orphans = tuple(self._orphan(trial, alone=len(orphans) == 1) for trial in orphans)

    def _suggest(self) -> Suggestion:
        with writing(self._database):
            self._study.sampler = TPESampler(
                seed=_derived(self._seed, "draws", len(self._trials())),
                n_startup_trials=min(10, max(4, self._total // 3)),
                constant_liar=True,
            )
            asked = self._study.ask(self._space.as_distributions())
            trial = self._trials()[asked.number]
        self._asked[trial.number] = trial._trial_id
        return Suggestion(
            number=trial.number,
            hyperparameters={**trial.params, **self._space.fixed},
            seed=self._seed_of(trial),
            origin=_origin(trial),
        )

    def _orphan(self, trial: FrozenTrial, *, alone: bool) -> TrialRecord:
        deaths = [one for one in self._attempts(trial) if one.user_attrs.get("reason") == KILLED]
        reason = KILLED_TWICE if deaths else KILLED
        return TrialRecord(
            number=trial.number,
            state="fail",
            reason=reason if alone else KILLED_AMONG_OTHERS,
            origin=_origin(trial),
            hyperparameters={**trial.params, **self._space.fixed},
            seed=self._seed_of(trial),
        )

    def _queue_again(self, number: int) -> None:
        """Queue an interrupted trial's configuration, unless it was queued already, or is lost."""
        attempts = self._attempts(self._trials()[number])
        first = _first_attempt(attempts[0])
        known = [one.params for one in attempts if self._is_whole(one)]
        if first == 0:
            known.append(self._space.default)
        if attempts[-1].number == number and known:
            self._study.enqueue_trial(known[0], user_attrs={"origin": f"retry of trial {first}"})

    def _best_score(self, trial: FrozenTrial) -> float | None:
        """The best score of a trial that ended well or was pruned; None of any other, or without one."""
        scores = list(trial.intermediate_values.values())
        if trial.state not in (TrialState.COMPLETE, TrialState.PRUNED) or not scores:
            return None
        return max(scores) if self._study.direction == StudyDirection.MAXIMIZE else min(scores)

    def _attempts(self, trial: FrozenTrial) -> list[FrozenTrial]:
        """All trials of the same configuration, by number."""
        first = _first_attempt(trial)
        return [one for one in self._trials() if _first_attempt(one) == first]

    def _seed_of(self, trial: FrozenTrial) -> int:
        return _derived(self._seed, "trial", _first_attempt(trial))

    def _is_whole(self, trial: FrozenTrial) -> bool:
        """Whether the trial was given all its hyperparameters before its process was killed."""
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


def _is_interrupted(trial: FrozenTrial) -> bool:
    reason = str(trial.user_attrs.get("reason", ""))
    return trial.state == TrialState.FAIL and reason.startswith(INTERRUPTED)


def _counts(trial: FrozenTrial) -> bool:
    return trial.state.is_finished() and not _is_interrupted(trial)


def _origin(trial: FrozenTrial) -> str:
    return str(trial.user_attrs.get("origin", "search"))


def _first_attempt(trial: FrozenTrial) -> int:
    """The number of the trial that this one repeats, or its own."""
    found = re.fullmatch(r"retry of trial (\d+)", _origin(trial))
    return int(found[1]) if found else trial.number


def _derived(seed: int, purpose: str, number: int) -> int:
    """A seed of 31 bits, another one for each purpose and number."""
    digest = hashlib.sha256(f"{seed} {purpose} {number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") >> 1
