"""adaptkit's side: a whole study, from its files to the exported winner. Knows no other side.

The list of trials is queued in the study's own Optuna storage before the study begins, so that the
search proposes exactly these; everything else is `adaptkit.tune` as a user calls it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console

from adaptkit.config import StudyConfig
from adaptkit.run.resolve import chosen_metric
from adaptkit.run.study import Study
from adaptkit.run.tune import run as run_study
from adaptkit.search.search import Search
from adaptkit.search.storage import close_storage, open_storage, open_study
from adaptkit.search.suggestion import Suggestion
from adaptkit.study.record import TrialRecord
from adaptkit.tasks import registry
from benchmarks.speed.outcome import Outcome, Scored, TrialOutcome
from benchmarks.speed.setting import Setting

STUDY = "speed"
TRAINING = ("measure", "features", "train")
"""The phases of a study that count as its training."""


@dataclass
class Times:
    """When the search was first asked for trials, and when it was told each score."""

    asked: list[float] = field(default_factory=list)
    scored: dict[tuple[int, int], float] = field(default_factory=dict)
    """(trial, rung) → seconds."""


def run(setting: Setting, clock: Callable[[], float]) -> Outcome:
    """Runs the study in a temporary folder."""
    with TemporaryDirectory() as studies, (Path(studies) / "log").open("w", encoding="utf-8") as log:
        if not setting.searched:
            queue(setting, Path(studies) / STUDY)
        with timed_search(clock) as times:
            study = run_study(config_of(setting), Console(file=log), studies=Path(studies), name=STUDY)
        return outcome_of(study, times)


def config_of(setting: Setting) -> StudyConfig:
    """The setting as adaptkit's configuration."""
    return StudyConfig(
        task=setting.task,
        options=setting.options,
        model=setting.model,
        strategy=setting.strategy,
        lora_rank=setting.lora_rank,
        max_length=setting.max_length,
        seed=setting.seed,
        device=setting.device,
        precision=setting.precision,
        data=setting.data,
        head_init="auto" if setting.strategy == "frozen" else "random",  # as the other side starts
        layers=0,  # as many as the other side has
        search=replace(setting.search, patience=0, confirm=0),  # all epochs of all trials
    )


def queue(setting: Setting, folder: Path) -> None:
    """Queues the list of trials in the study that is about to begin."""
    task = registry.load(setting.task, setting.options)
    folder.mkdir(parents=True)
    storage = open_storage(folder / "study.db")
    study = open_study(storage, chosen_metric(task.metric, None)[1])
    for number, trial in enumerate(setting.trials):  # the first is the strategy's default, never pruned
        study.enqueue_trial(dict(trial), user_attrs={"origin": "search" if number else "default"})
    close_storage(storage)


@contextmanager
def timed_search(clock: Callable[[], float]) -> Iterator[Times]:
    """Notes when the search is asked and told while the block runs: a study's records hold no times."""
    times, ask, report = Times(), Search.ask, Search.report

    def timed_ask(self: Search, count: int) -> list[Suggestion]:
        times.asked.append(clock())
        return ask(self, count)

    def timed_report(self: Search, number: int, rung: int, score: float) -> None:
        times.scored[number, rung] = clock()
        report(self, number, rung, score)

    setattr(Search, "ask", timed_ask)  # noqa: B010 - a method is not assigned to otherwise
    setattr(Search, "report", timed_report)  # noqa: B010
    try:
        yield times
    finally:
        setattr(Search, "ask", ask)  # noqa: B010
        setattr(Search, "report", report)  # noqa: B010


def outcome_of(study: Study, times: Times) -> Outcome:
    """The study in the benchmark's terms."""
    summary = study.summary
    trials = [_trial(record, times) for record in study.trials]
    trained = sum(trial.epochs for trial in trials)
    return Outcome(
        trials=trials,
        direction=summary.direction,
        before_training=times.asked[0],
        training=sum(summary.seconds.get(phase, 0.0) for phase in TRAINING),
        trained_parameters=summary.trained_parameters,
        encoder_epochs=trained if summary.encoder_passes is None else float(summary.encoder_passes),
        about=_about(study),
    )


def _trial(record: TrialRecord, times: Times) -> TrialOutcome:
    return TrialOutcome(
        learning_rate=record.hyperparameters["learning_rate"],
        batch_size=int(record.hyperparameters["batch_size"]),
        state=record.state,
        scored=[
            Scored(epoch=rung.epoch, score=rung.score, at=times.scored[record.number, number])
            for number, rung in enumerate(record.rungs)
        ],
    )


def _about(study: Study) -> dict[str, Any]:
    summary = study.summary
    return {
        "phases": dict(summary.seconds),
        "together": summary.parallel_trials,
        "trials_per_pass": summary.trials_per_pass,
        "micro_batch": summary.micro_batch,
        "warnings": list(summary.warnings),
    }
