"""A study from beginning to end, in reading order: the one place that knows all the parts.

data ──▶ model, by its strategy ──▶ population, trained and judged ──▶ winner, exported and proved
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.config import (
    DEFAULT_MODEL,
    DataConfig,
    PrecisionName,
    SearchConfig,
    StrategyName,
    StudyConfig,
    columns_of,
)
from adaptkit.data.load import Dataset, load
from adaptkit.errors import Interrupted
from adaptkit.report.progress import Progress
from adaptkit.run.context import Clock, RunContext, begun_summary, versions
from adaptkit.run.finalize import finalize_study
from adaptkit.run.resolve import Machine, chosen_metric, default_name, refuse_problems
from adaptkit.run.setup import measure_capacity, prepare_training
from adaptkit.search.space import Space, space_for
from adaptkit.study.find import refuse_unwritable, study_folder
from adaptkit.study.folder import StudyFolder
from adaptkit.study.provenance import Provenance
from adaptkit.study.record import StudySummary, TrialRecord, best_trial, standing
from adaptkit.system.files import write_text
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry

if TYPE_CHECKING:
    from rich.console import Console

    from adaptkit.engine.capacity import Capacity
    from adaptkit.models.loading import LoadedModel
    from adaptkit.search.search import Search
    from adaptkit.task import Task


@dataclass(frozen=True)
class Study:
    """A study on disk, and what is known of it."""

    folder: StudyFolder
    summary: StudySummary
    trials: Sequence[TrialRecord]

    @property
    def best(self) -> TrialRecord | None:
        """The winning trial."""
        return best_trial(self.trials, self.summary.direction)

    @property
    def model_folder(self) -> Path | None:
        """Where the winner lies."""
        return Path(self.summary.model_folder) if self.summary.model_folder else None


def tune(
    task: str,
    *,
    data: str | Path | None = None,
    train: str | Path | None = None,
    dev: str | Path | None = None,
    test: str | Path | None = None,
    columns: Mapping[str, str] | None = None,
    dev_fraction: float = DataConfig.dev_fraction,
    skip_bad_rows: bool = False,
    options: Mapping[str, Any] | None = None,
    model: str | Path = DEFAULT_MODEL,
    strategy: StrategyName = StudyConfig.strategy,
    lora_rank: int = StudyConfig.lora_rank,
    max_length: int | None = None,
    trials: int = SearchConfig.trials,
    epochs: float | None = None,
    learning_rate: tuple[float, float] | None = None,
    batch_sizes: Sequence[int] | None = None,
    metric: str | None = None,
    pruning: bool = True,
    evals_per_epoch: int | None = None,
    timeout: float | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: PrecisionName = "auto",
    parallel_trials: int | None = None,
    study: str | None = None,
    studies: str | Path = "studies",
) -> Study:
    """Tunes a task on the data, and returns the study; `run` says what it raises.

    The arguments are those of ``adaptkit tune``; `DataConfig`, `SearchConfig` and `StudyConfig` say what
    each means. A study that was begun with the same arguments is gone on with.
    """
    from rich.console import Console

    config = StudyConfig(
        task=task,
        options=dict(options or {}),
        model=str(model),
        strategy=strategy,
        lora_rank=lora_rank,
        max_length=max_length,
        seed=seed,
        device=device,
        precision=precision,
        parallel_trials=parallel_trials,
        data=DataConfig(
            data=_text(data), train=_text(train), dev=_text(dev), test=_text(test),
            columns=columns_of(columns or {}), dev_fraction=dev_fraction, skip_bad_rows=skip_bad_rows,
        ),
        search=SearchConfig(
            trials=trials, epochs=float(epochs) if isinstance(epochs, int) else epochs,
            learning_rate=learning_rate,
            batch_sizes=tuple(batch_sizes) if isinstance(batch_sizes, Sequence) else batch_sizes,
            metric=metric, pruning=pruning, evals_per_epoch=evals_per_epoch, timeout=timeout,
        ),
    )  # fmt: skip
    return run(config, Console(stderr=True), studies=Path(studies), name=study)


def run(config: StudyConfig, console: Console, *, studies: Path, name: str | None = None) -> Study:
    """Runs the study, or goes on with it where it stands, to its end; progress goes to ``console``.

    Raises:
        UserError: something in the configuration, the data, the model or the study on disk is wrong;
            nothing has been written.
        NoTrialSucceeded: every trial failed; the study tells why.
        ExportError: the exported model is not the winner.
        Interrupted: a signal came; the study on disk is sound, and the same call goes on with it.
    """
    refuse_problems(config)
    task, plugin = registry.load(config.task, config.options), registry.find(config.task).distribution
    metric, direction = chosen_metric(task.metric, config.search.metric)
    folder = study_folder(studies, default_name(config) if name is None else name)
    refuse_unwritable(folder.path)
    progress = Progress(console, config.search.trials, metric, direction)
    clock = Clock()
    with Interruption() as interruption, progress:
        progress.phase("reading the data")
        with clock.phase("data"):
            data = load(task, config.data, config.seed)
        if data.sample:
            progress.note(f"no data named: tuning on the sample that comes with the task {config.task!r}")
        for warning in data.warnings:
            progress.note(warning)
        space = space_for(config.strategy, config.search, task.hints, rows=len(data.train))

        progress.phase("loading the model")
        with clock.phase("model"):
            machine = Machine.of(config)
            loaded = load_encoder(task, config, data.labels)

        with folder.lock(), interruption.guarded():
            rungs = config.search.evals_per_epoch or rungs_of(folder, data)
            provenance = Provenance(
                versions=versions(plugin),
                data_fingerprint=data.fingerprint,
                labels=len(data.labels),
                space=space.in_words(),
                fixed={**space.fixed, "rungs_per_epoch": rungs},
                metric=metric,
                direction=direction,
            )
            folder.create_or_open(config, provenance)
            if data.left_out:
                write_text(folder.left_out, "".join(f"{reason}\n" for reason in data.left_out))
            summary = begun_summary(config, task, plugin, data, folder, provenance)
            context = RunContext(folder, summary, progress, clock, interruption, earlier=summary.seconds)
            progress.resumed(record for record in folder.read_trials() if not record.interrupted)
            try:
                search_and_train(context, config, task, data, loaded, machine, space, rungs)
                records = finalize_study(context, config, task, data, machine.device)
            except Interrupted as interrupted:
                records = folder.read_trials()
                context.write(state="interrupted", **standing(context.summary, records))
                interrupted.study = Study(folder, context.summary, records)
                raise
            except Exception:
                if context.summary.state == "running":
                    with suppress(Exception):  # the disk may be what failed
                        context.write(state="interrupted", **standing(context.summary, folder.read_trials()))
                raise
    return Study(folder, context.summary, records)


def load_encoder(task: Task, config: StudyConfig, labels: Sequence[str]) -> LoadedModel:
    """The pre-trained model with the task's head."""
    from adaptkit.models.loading import load_model

    return load_model(task, config.model, labels, seed=config.seed, max_length=config.max_length)


def rungs_of(folder: StudyFolder, data: Dataset) -> int:
    """The rungs of an epoch: a study's own, if it has begun; else as many as its data pay for."""
    from adaptkit.engine.prepare import rungs_per_epoch_for

    if folder.toml.exists():
        return int(folder.read_provenance().fixed["rungs_per_epoch"])
    return rungs_per_epoch_for(len(data.train), len(data.dev))


def search_and_train(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, loaded: LoadedModel,
    machine: Machine, space: Space, rungs: int,
) -> None:  # fmt: skip
    """Asks for trials, trains them together, and records how each ends, until the study has its total."""
    from adaptkit.search.search import open_search

    with open_search(
        context.folder.database,
        context.folder.read_trials(),
        space=space,
        direction=context.summary.direction,
        seed=config.seed,
        trials=config.search.trials,
    ) as search:
        for warning in search.warnings:
            context.progress.note(warning)
        for orphan in search.orphans:
            context.folder.write_trial(orphan)
            search.tell(orphan)
        if not search.remaining:
            return
        context.begins_to_train(versions(context.summary.plugin))
        with context.interruption.exposed():  # nothing is half done before the first trial is asked for
            training = prepare_training(context, config, task, data, loaded, machine, space, rungs)
            capacity = measure_capacity(context, config, training, search.remaining)
        train(context, config, capacity, search, rungs=max(1, round(space.epochs * rungs)))
        context.write(importances=search.importances())


def train(
    context: RunContext, config: StudyConfig, capacity: Capacity, search: Search, *, rungs: int
) -> None:
    """Trains what remains of the study, as populations of rows."""
    from adaptkit.engine.train import populate
    from adaptkit.run.scheduler import TrialScheduler
    from adaptkit.system.devices import peak_memory_bytes

    scheduler = TrialScheduler(
        context.folder, search, context.folder.read_trials(), context.progress,
        metric=context.summary.metric, direction=context.summary.direction,
        rungs=rungs, pruning=config.search.pruning,
        deadline=time.monotonic() + (config.search.timeout or math.inf), check=context.interruption.check,
        vocabulary=capacity.training.vocabulary,
    )  # fmt: skip
    plan = capacity.training.plan
    context.progress.expected(int(search.remaining * plan.examples * rungs / plan.rungs_per_epoch))
    context.progress.phase(f"training, {capacity.in_words()}")
    try:
        populate(capacity.training, capacity.slots, capacity.limits).run(scheduler)
    except Interrupted as interrupted:
        scheduler.interrupted(interrupted.problem)
        raise
    except Exception as error:
        with suppress(Exception):  # what cannot be recorded now is found at the next start
            scheduler.interrupted(f"{type(error).__name__}: {error}")
        raise
    finally:
        context.clock.add(capacity.training.seconds)
        peak = peak_memory_bytes(str(capacity.training.forward.device))
        context.write(peak_memory_bytes=max(context.summary.peak_memory_bytes, peak))
    if scheduler.stopped or (scheduler.time_is_up and search.remaining):
        told = when_time_was_up(scheduler.cut_short, search.remaining)
        context.progress.note(told)
        context.write(warnings=[*context.summary.warnings, told])


def when_time_was_up(cut_short: int, remaining: int) -> str:
    """What became of the trials that were not done."""
    said = ["time was up"]
    if cut_short:
        said.append(f"trials that were cut short, and count with the best score they had: {cut_short}")
    if remaining:
        said.append(f"trials that are left, and that the same command trains: {remaining}")
    return "; ".join(said)


def _text(source: str | Path | None) -> str | None:
    return None if source is None else str(source)
