"""What every stage of a run needs at hand: the study's folder and summary, the clock, whom to tell."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from adaptkit.study.record import SplitRecord, StudySummary

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.report.progress import Progress
    from adaptkit.study.folder import StudyFolder
    from adaptkit.study.provenance import Provenance
    from adaptkit.system.signals import Interruption
    from adaptkit.task import Task

VERSIONED = ("adaptkit", "torch", "transformers", "peft", "optuna", "datasets", "numpy")

KEPT_ON_RESUME = (
    "best", "test", "test_groups", "importances", "seconds", "peak_memory_bytes", "encoder_passes",
    "features_reused", "model_folder", "started", "parallel_trials", "trials_per_pass", "micro_batch",
    "bytes_a_trial", "speeds", "occurring_tokens",
    "trained_parameters", "total_parameters", "device", "precision", "versions",
)  # fmt: skip


class Clock:
    """Where the time of this run goes, in seconds by phase."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Adds the block's seconds to the phase."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.add({name: time.monotonic() - started})

    def add(self, seconds: Mapping[str, float]) -> None:
        """Adds seconds measured elsewhere."""
        for name, spent in seconds.items():
            self.seconds[name] = self.seconds.get(name, 0.0) + spent


@dataclass
class RunContext:
    """A run's study: what is known of it so far, and where that is written down."""

    folder: StudyFolder
    summary: StudySummary
    progress: Progress
    clock: Clock
    interruption: Interruption
    earlier: Mapping[str, float] = field(default_factory=dict)
    """The seconds of earlier runs of the study, by phase."""

    def write(self, **changes: Any) -> None:
        """Changes the summary, and writes it down with the time spent so far."""
        phases = {**self.earlier, **self.clock.seconds}
        seconds = {name: self.earlier.get(name, 0.0) + self.clock.seconds.get(name, 0.0) for name in phases}
        now = datetime.now(UTC).isoformat("T", "seconds")
        self.summary = replace(self.summary, updated=now, seconds=seconds, **changes)
        self.folder.write_summary(self.summary)

    def begins_to_train(self, now: Mapping[str, str]) -> None:
        """Writes down that the study runs, and with which versions; tells it if earlier trials had others."""
        before, warnings = self.summary.versions, list(self.summary.warnings)
        changes = [
            f"{name} {was} → {now.get(name, 'none')}" for name, was in before.items() if now.get(name) != was
        ]
        if changes:
            warnings.append(f"trials from here on are trained with other versions: {', '.join(changes)}")
            self.progress.note(warnings[-1])
        self.write(state="running", versions=dict(now), warnings=warnings)


def versions(plugin: str) -> dict[str, str]:
    """The versions of what a study's numbers depend on, its task's plugin among them."""
    found = {}
    for name in (*VERSIONED, plugin):
        try:
            found[name] = version(name)
        except (PackageNotFoundError, ValueError):  # ValueError: no name, in a study from before it was kept
            continue
    return found


def with_examples(splits: Mapping[str, SplitRecord], **examples: int) -> dict[str, SplitRecord]:
    """The splits with the number of model inputs made of each."""
    return {
        name: replace(split, examples=examples.get(name, split.examples)) for name, split in splits.items()
    }


def begun_summary(
    config: StudyConfig, task: Task, plugin: str, data: Dataset, folder: StudyFolder, provenance: Provenance
) -> StudySummary:
    """What is known of a study before its first trial, or, of a resumed one, from before.

    ``plugin`` is the distribution that the task comes from.
    """
    splits = {"train": data.train, "dev": data.dev, **({"test": data.test} if data.test else {})}
    summary = StudySummary(
        name=folder.name,
        state="running",
        task=config.task,
        strategy=config.strategy,
        model=config.model,
        metric=provenance.metric,
        direction=provenance.direction,
        groups_title=task.metric.groups_title,
        labels=data.labels,
        data={
            name: SplitRecord(
                source=rows.source, rows=len(rows), skipped=len(rows.skipped), examples=len(rows)
            )
            for name, rows in splits.items()
        },
        space=provenance.space,
        trials=config.search.trials,
        trained_parameters=0,
        total_parameters=0,
        device=config.device,
        precision=config.precision,
        parallel_trials=0,
        trials_per_pass=0,
        micro_batch=0,
        sample=data.sample,
        head=task.head if isinstance(task.head, str) else "",
        warnings=data.warnings,
        plugin=plugin,
        versions=provenance.versions,
        started=datetime.now(UTC).isoformat("T", "seconds"),
    )
    before = folder.read_summary()
    if before is None:
        return summary
    kept = {name: getattr(before, name) for name in KEPT_ON_RESUME}
    if before.model_folder:
        kept["model_folder"] = str(folder.best)  # the folder may have been moved, or be named otherwise
    examples = {name: split.examples for name, split in before.data.items()}
    return replace(summary, **kept, data=with_examples(summary.data, **examples))
