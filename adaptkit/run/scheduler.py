"""Between the engine and the study: suggests trials to the engine, prunes them, and records their ends.

When a trial ends, its record is written to the study's folder first, and then passed to Optuna. The record on
disk acknowledges the trial.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.run.callbacks import rung_score, started_trial
from adaptkit.run.evaluations import BEST_RUNG, EvaluationRule
from adaptkit.search.pruning import trials_to_prune
from adaptkit.study.record import INTERRUPTED, RungRecord, TrialRecord

if TYPE_CHECKING:
    from adaptkit.report.progress import Progress
    from adaptkit.run.ended_trials import EndedTrials
    from adaptkit.search.search import Search
    from adaptkit.search.suggestion import Suggestion


@dataclass(frozen=True, kw_only=True)
class Rules:
    """When a trial ends, and which of its rungs is kept."""

    metric: str
    """The name of the optimised number."""

    rungs: int
    """The rungs of a complete trial."""

    pruning: bool
    """Whether trials are pruned."""

    evaluations: EvaluationRule = BEST_RUNG
    """When a trial ends without a better score, and which of its rungs it keeps."""


class TrialScheduler:
    """Decides which trials start, continue and stop; an `adaptkit.engine.types.Scheduler`."""

    def __init__(
        self,
        search: Search,
        ended: EndedTrials,
        progress: Progress,
        rules: Rules,
        *,
        deadline: float,
        check: Callable[[], None],
        check_study: Callable[[], None] = lambda: None,
        announce: Callable[..., None] = lambda *about: None,
    ) -> None:
        """Create the scheduler of one run.

        Args:
            search: suggests hyperparameters.
            ended: the trials that ended before this run; gets those that end in it.
            progress: shows what happens.
            rules: when a trial ends, and which of its rungs is kept.
            deadline: the end of the time budget, on the clock of `time.monotonic`.
            check: raises Interrupted if a signal has been received.
            check_study: raises StudyError if the study is not this process's any more.
            announce: calls the callbacks: the event, the trials that have ended, and what it is about.
        """
        self.search = search
        self.ended = ended
        self.progress = progress
        self.rules = rules
        self.deadline = deadline
        self.check = check
        self.check_study = check_study
        self.announce = announce
        self.running: dict[int, Suggestion] = {}
        self.scored: dict[int, list[RungReport]] = {}
        self.began: dict[int, float] = {}  # trial number → a time of time.monotonic
        self.cut_short = 0
        """The trials that were stopped by the deadline and count with their scores so far."""

    @property
    def time_is_up(self) -> bool:
        """Whether the deadline has passed."""
        return time.monotonic() >= self.deadline

    def suggest(self, free: int) -> Sequence[Trial]:
        """New trials from the search; none after the deadline."""
        self.check()
        suggestions = [] if self.time_is_up else self.search.ask(free)
        for suggestion in suggestions:
            self.running[suggestion.number] = suggestion
            self.scored[suggestion.number] = []
            self.began[suggestion.number] = time.monotonic()
            self.progress.started(suggestion.number, suggestion.hyperparameters)
            self.announce("on_trial_start", self.ended.records, started_trial(suggestion))
        return [
            as_trial(
                one.hyperparameters,
                number=one.number,
                seed=one.seed,
                rule=self.rules.evaluations,
                split=one.split,
            )
            for one in suggestions
        ]

    def on_rung_end(self, reports: Sequence[RungReport]) -> Mapping[int, str]:
        """Report the scores to the search, and give the trials to prune with the reasons."""
        self.check_study()
        for report in reports:
            number = report.trial.number
            self.scored[number].append(report)
            self.search.report(number, report.rung, report.score)
            self.progress.rung(number, report.epoch, report.score)
            self.announce(
                "on_rung_end", self.ended.records, started_trial(self.running[number]), rung_score(report)
            )
        unfinished = [report for report in reports if not report.last]
        if not self.rules.pruning or not unfinished:
            return {}
        scores = {r.number: self._to_the_end(r) for r in self.ended.records if not r.interrupted}
        scores |= {number: self._scores(number) for number in self.running}  # some end with this rung
        running = {report.trial.number: scores.pop(report.trial.number) for report in unfinished}
        return trials_to_prune(
            running,
            scores,
            metric=self.rules.metric,
            direction=self.ended.direction,
            rungs=self.rules.rungs,
            epochs=unfinished[0].trial.epochs,
            protected={number for number, suggestion in self.running.items() if suggestion.is_default},
            pruned={record.number for record in self.ended.records if record.state == "pruned"},
        )

    def on_trial_end(self, outcome: Outcome) -> None:
        """Keep the weights if the trial is among the best, then acknowledge it."""
        self.check_study()
        record = self._record(outcome)
        self.cut_short += record.cut_short
        if outcome.parameters is not None:
            self.ended.keep_weights(record, outcome.parameters)
        self._acknowledge(record)
        self._warn(self.ended.drop_weights(record, outcome.parameters))

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Count the progress. Returns False after the deadline; raises Interrupted after a signal."""
        self.progress.advanced(examples, tokens)
        self.check()
        return not self.time_is_up

    def on_worker_lost(self, numbers: Collection[int], *, suspect: bool) -> None:
        """Record that the process of these trials is lost; the search suggests them again."""
        self.check_study()
        for number in sorted(numbers):
            self._acknowledge(self.search.lost(number, alone=len(numbers) == 1, suspect=suspect))

    def interrupt(self, why: str) -> None:
        """Record every running trial as interrupted. The next run of the study trains it again."""
        for suggestion in list(self.running.values()):
            reports = self.scored[suggestion.number]
            seconds = time.monotonic() - self.began[suggestion.number]
            record = self._record_of(suggestion, reports, None, "fail", f"{INTERRUPTED}: {why}", seconds)
            self._acknowledge(record)

    def restore(self) -> None:
        """Write records again that someone has removed, and the best trial's weights if they are known."""
        self._warn(self.ended.restore())

    def _warn(self, warning: str) -> None:
        if warning:
            self.progress.note(warning)

    def _acknowledge(self, record: TrialRecord) -> None:
        self.ended.add(record)
        # The trial is acknowledged. It must not count as running, even if Optuna's storage fails now.
        del self.running[record.number]
        self.search.tell(record)
        self.progress.ended(record)
        self.announce("on_trial_end", self.ended.records, record)

    def _record(self, outcome: Outcome) -> TrialRecord:
        number, kept = outcome.trial.number, outcome.kept
        state, reason = outcome.state, outcome.reason
        if outcome.state == "stopped":
            state = "fail" if kept is None else "complete"
            if kept is None:  # the next run trains it again
                reason = f"{INTERRUPTED}: the timeout was reached before its first score"
        return self._record_of(
            self.running[number], self.scored[number], kept, state, reason, outcome.seconds
        )

    def _record_of(
        self,
        suggestion: Suggestion,
        reports: Sequence[RungReport],
        kept: RungReport | None,
        state: str,
        reason: str,
        seconds: float,
    ) -> TrialRecord:
        return TrialRecord(
            number=suggestion.number,
            state=state,  # type: ignore[arg-type]
            reason=reason,
            origin=suggestion.origin,
            hyperparameters=suggestion.hyperparameters,
            seed=suggestion.seed,
            split=suggestion.split,
            rungs=[RungRecord(epoch=r.epoch, score=r.score, loss=r.loss) for r in reports],
            best_rung=None if kept is None else kept.rung,
            values={} if kept is None else kept.scores.values,
            groups={} if kept is None else kept.scores.groups,
            calibration={} if kept is None else kept.calibration,
            seconds=seconds,
        )

    def _to_the_end(self, record: TrialRecord) -> list[float]:
        """A trial's scores; one that ended because of its patience keeps its last score to the last rung."""
        scores = [rung.score for rung in record.rungs]
        rest = self.rules.rungs - len(scores) if record.state == "complete" and scores else 0
        return scores + scores[-1:] * rest

    def _scores(self, number: int) -> list[float]:
        return [report.score for report in self.scored[number]]


def as_trial(
    values: Mapping[str, float], *, number: int, seed: int, rule: EvaluationRule, split: int = 0
) -> Trial:
    """The trial of the engine with these hyperparameters."""
    return Trial(
        number=number,
        learning_rate=values.get("learning_rate", 0.0),
        batch_size=int(values.get("batch_size", 1)),
        epochs=values.get("epochs", 1.0),
        weight_decay=values.get("weight_decay", 0.0),
        warmup=values.get("warmup", 0.0),
        l2=values.get("l2", 0.0),
        seed=seed,
        split=split,
        patience=rule.patience,
        tolerance=rule.tolerance,
    )
