"""Between the engine and the study: suggests trials to the engine, prunes them, and records their ends.

When a trial ends, its record is written to the study's folder first, and then passed to Optuna. The record on
disk acknowledges the trial.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.engine.types import Outcome, RungReport, Trial
from adaptkit.run.callbacks import rung_score, started_trial
from adaptkit.search.pruning import trials_to_prune
from adaptkit.search.repair import LOST
from adaptkit.study.record import INTERRUPTED, RungRecord, TrialRecord
from adaptkit.study.recovery import missing_records

if TYPE_CHECKING:
    import torch

    from adaptkit.report.progress import Progress
    from adaptkit.search.search import Search
    from adaptkit.search.suggestion import Suggestion
    from adaptkit.study.folder import StudyFolder

WEIGHTS_KEPT = 3
"""The number of best trials whose weights are kept."""


HEAD_INPUT = "head_input."
"""The start of the names of head inputs among the tensors that are kept with a trial's weights."""


class TrialScheduler:
    """Decides which trials start, continue and stop; an `adaptkit.engine.types.Scheduler`."""

    def __init__(
        self,
        folder: StudyFolder,
        search: Search,
        records: Sequence[TrialRecord],
        progress: Progress,
        *,
        metric: str,
        direction: str,
        rungs: int,
        pruning: bool,
        patience: int,
        deadline: float,
        check: Callable[[], None],
        check_study: Callable[[], None] = lambda: None,
        announce: Callable[..., None] = lambda *about: None,
        vocabulary: torch.Tensor | None = None,
        head_inputs: Mapping[str, torch.Tensor] = {},
    ) -> None:
        """Create the scheduler of one run.

        Args:
            folder: the study's folder.
            search: suggests hyperparameters.
            records: the trials that ended before this run.
            progress: shows what happens.
            metric: the name of the optimised number.
            direction: "maximize" or "minimize".
            rungs: the rungs of a complete trial.
            pruning: whether trials are pruned.
            patience: a trial ends after so many rungs in a row without a better score; 0 for no such end.
            deadline: the end of the time budget, on the clock of `time.monotonic`.
            check: raises Interrupted if a signal has been received.
            check_study: raises StudyError if the study is not this process's any more.
            announce: calls the callbacks: the event, the trials that have ended, and what it is about.
            vocabulary: the tokens whose embeddings are trained; kept with each trial's weights.
            head_inputs: examples of what the head receives; kept with each trial's weights.
        """
        self.folder = folder
        self.search = search
        self.records = list(records)
        self.progress = progress
        self.metric = metric
        self.direction = direction
        self.rungs = rungs
        self.pruning = pruning
        self.patience = patience
        self.deadline = deadline
        self.check = check
        self.check_study = check_study
        self.announce = announce
        self.vocabulary = vocabulary
        self.head_inputs = head_inputs
        self.running: dict[int, Suggestion] = {}
        self.scored: dict[int, list[RungReport]] = {}
        self.began: dict[int, float] = {}  # trial number → a time of time.monotonic
        self.best_parameters: torch.Tensor | None = None
        """``[P]``: those of the best trial, if it ended in this run."""

        self.stopped = False
        self.cut_short = 0
        """The trials that were stopped by the deadline and count with their best score so far."""

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
            self.announce("on_trial_start", self.records, started_trial(suggestion))
        return [
            as_trial(
                one.hyperparameters, number=one.number, seed=one.seed, patience=self.patience, split=one.split
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
                "on_rung_end", self.records, started_trial(self.running[number]), rung_score(report)
            )
        unfinished = [report for report in reports if not report.last]
        if not self.pruning or not unfinished:
            return {}
        scores = {r.number: self._to_the_end(r) for r in self.records if not r.interrupted}
        scores |= {number: self._scores(number) for number in self.running}  # some end with this rung
        running = {report.trial.number: scores.pop(report.trial.number) for report in unfinished}
        return trials_to_prune(
            running,
            scores,
            metric=self.metric,
            direction=self.direction,
            rungs=self.rungs,
            epochs=unfinished[0].trial.epochs,
            protected={number for number, suggestion in self.running.items() if suggestion.is_default},
            pruned={record.number for record in self.records if record.state == "pruned"},
        )

    def on_trial_end(self, outcome: Outcome) -> None:
        """Keep the weights if the trial is among the best, then acknowledge it."""
        self.check_study()
        record = self._record(outcome)
        self.cut_short += self.stopped and record.state == "complete"
        if outcome.parameters is not None and record.state == "complete" and self._is_among_best(record):
            self.folder.keep_weights(record.number, self._writer(outcome.parameters))
        self._acknowledge(record)
        best = self._best_numbers(self.records)
        if outcome.parameters is not None and best[:1] == [record.number]:
            self.best_parameters = outcome.parameters
        self.restore()
        self.folder.drop_weights_except({*best, *self._without_record()})

    def on_micro_step(self, examples: int, tokens: int) -> bool:
        """Count the progress. Returns False after the deadline; raises Interrupted after a signal."""
        self.progress.advanced(examples, tokens)
        self.check()
        self.stopped = self.time_is_up
        return not self.stopped

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
        missing = missing_records(self.folder, [record.number for record in self.records])
        for record in self.records:
            if record.number in missing:
                self.folder.write_trial(record)
        best = self._best_numbers(self.records)[:1]
        kept = self.folder.numbers_with_weights()
        if best and best[0] not in kept and self.best_parameters is not None:
            self.folder.keep_weights(best[0], self._writer(self.best_parameters))
        if missing:
            where = self.folder.trials
            self.progress.note(f"{where}: {len(missing)} records were removed; they were written again")

    def _without_record(self) -> set[int]:
        """The trials whose weights stay because their record is lost."""
        recorded = {record.number for record in self.records if record.reason != LOST}
        return self.folder.numbers_with_weights() - recorded

    def _acknowledge(self, record: TrialRecord) -> None:
        self.folder.write_trial(record)
        # The trial is acknowledged. It must not count as running, even if Optuna's storage fails now.
        self.records.append(record)
        del self.running[record.number]
        self.search.tell(record)
        self.progress.ended(record)
        self.announce("on_trial_end", self.records, record)

    def _record(self, outcome: Outcome) -> TrialRecord:
        number = outcome.trial.number
        reports, best = self.scored[number], outcome.best
        unscored = self.stopped and best is None  # the next run trains it again
        reason = (
            f"{INTERRUPTED}: the timeout was reached before its first score" if unscored else outcome.reason
        )
        return self._record_of(self.running[number], reports, best, outcome.state, reason, outcome.seconds)

    def _record_of(
        self,
        suggestion: Suggestion,
        reports: Sequence[RungReport],
        best: RungReport | None,
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
            best_rung=None if best is None else best.rung,
            values={} if best is None else best.scores.values,
            groups={} if best is None else best.scores.groups,
            calibration={} if best is None else best.calibration,
            seconds=seconds,
        )

    def _to_the_end(self, record: TrialRecord) -> list[float]:
        """A trial's scores; one that ended because of its patience keeps its last score to the last rung."""
        scores = [rung.score for rung in record.rungs]
        rest = self.rungs - len(scores) if record.state == "complete" and scores else 0
        return scores + scores[-1:] * rest

    def _writer(self, parameters: torch.Tensor) -> Callable[[Path], None]:
        return weights_writer(parameters, self.vocabulary, self.head_inputs)

    def _scores(self, number: int) -> list[float]:
        return [report.score for report in self.scored[number]]

    def _is_among_best(self, record: TrialRecord) -> bool:
        return record.number in self._best_numbers([*self.records, record])

    def _best_numbers(self, records: Sequence[TrialRecord]) -> list[int]:
        scored = [record for record in records if record.state == "complete" and record.score is not None]
        sign = -1.0 if self.direction == "maximize" else 1.0
        scored.sort(key=lambda record: (sign * (record.score or 0.0), record.number))
        return [record.number for record in scored[:WEIGHTS_KEPT]]


def as_trial(values: Mapping[str, float], *, number: int, seed: int, patience: int, split: int = 0) -> Trial:
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
        patience=patience,
    )


def weights_writer(
    parameters: torch.Tensor, vocabulary: torch.Tensor | None, head_inputs: Mapping[str, torch.Tensor] = {}
) -> Callable[[Path], None]:
    """A function that writes a trial's parameters ``[P]``, and what belongs to them, as safetensors."""

    def write(path: Path) -> None:
        from safetensors.torch import save_file

        beside = {f"{HEAD_INPUT}{name}": tensor for name, tensor in head_inputs.items()}
        words = {} if vocabulary is None else {"vocabulary": vocabulary}
        save_file({"row": parameters, **words, **beside}, path)

    return write
