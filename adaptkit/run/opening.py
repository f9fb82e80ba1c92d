"""Creates a study on disk, or opens an existing one, and gives its summary before the next trial."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from adaptkit.errors import StudyError, UserError
from adaptkit.run.context import OTHER_VERSIONS, versions
from adaptkit.run.resolve import plugins_of, strategy_of
from adaptkit.study.provenance import Provenance
from adaptkit.study.record import SplitRecord, StudySummary
from adaptkit.study.recovery import put_unreadable_aside
from adaptkit.system.files import write_text
from adaptkit.tasks.entry_points import comparable
from adaptkit.tasks.outputs import gives

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.models.loading import LoadedModel
    from adaptkit.run.method import Method
    from adaptkit.search.space import SearchSpace
    from adaptkit.study.folder import StudyFolder
    from adaptkit.task import Task

KEPT_ON_RESUME = (
    "best", "confirmation", "baselines", "test_baselines",
    "test", "test_groups", "test_intervals", "test_no_interval", "importances", "seconds",
    "peak_memory_bytes",
    "encoder_passes", "features_reused", "model_folder", "started", "parallel_trials", "trials_per_pass",
    "micro_batch", "bytes_a_trial", "speeds", "occurring_tokens", "fast_paths", "not_together", "refit",
    "trained_again", "baselines_split", "start_scores", "pooling_scores", "workers",
    "trained_parameters", "total_parameters", "device", "precision", "versions", "truncation",
)  # fmt: skip
"""The fields of the summary that a resumed study takes from its earlier runs."""


@contextmanager
def with_its_settings(
    folder: StudyFolder, config: StudyConfig, data: Dataset, earlier: Provenance | None
) -> Iterator[None]:
    """If the block refuses something, and an existing study has other settings or rows, refuse these instead.

    What the study resolved to when it started may not fit the new settings, and they are what the user gave.

    Args:
        folder: the study's folder.
        config: the configuration that was given.
        data: its rows.
        earlier: what the study resolved to when it started, if it has.

    Raises:
        StudyError: the study was started with other settings or rows.
    """
    try:
        yield
    except UserError:
        if earlier is not None:
            now = replace(
                earlier,
                data_fingerprint=data.fingerprint,
                labels=len(data.labels),
                read_as=data.read_as,
            )
            folder.refuse_if_changed(config, now)
        raise


def open_study(
    folder: StudyFolder,
    config: StudyConfig,
    task: Task,
    plugin: str,
    data: Dataset,
    space: SearchSpace,
    method: Method,
    metric: tuple[str, str],
    loaded: LoadedModel,
    note: Callable[[str], None] = lambda problem: None,
) -> StudySummary:
    """Create the study, or open the existing one, and list the rows that were left out.

    Args:
        folder: the study's folder, whose lock is held.
        config: the study's configuration.
        task: its task.
        plugin: the distribution that the task comes from.
        data: its rows.
        space: its search space.
        method: how its models are built and trained.
        metric: the optimised metric's name and direction.
        loaded: its base model.
        note: shows what was found damaged and put aside.

    Raises:
        StudyError: the study on disk was started with other settings, or by a newer version that this one
            cannot read.
    """
    provenance = Provenance(
        versions=versions(*plugins_of(config, plugin)),
        plugin=plugin,
        task_options={name: value for name, value in task.options.items() if value is not None},
        data_fingerprint=data.fingerprint,
        labels=len(data.labels),
        space=space.in_words(),
        fixed={**space.fixed, "rungs_per_epoch": rungs_per_epoch(folder, config, data)},
        metric=metric[0],
        direction=metric[1],
        pooling=method.pooling,
        solver=method.solver,
        head_init=method.head_init,
        ranges=method.ranges,
        folds=method.folds,
        split=data.split,
        read_as=data.read_as,
        class_weights=method.weighting.in_words,
        label_smoothing=method.weighting.smoothing,
        layers=method.layers,
        base_fingerprints=loaded.fingerprints,
    )
    refuse_other_plugin(folder, plugin)
    folder.create_or_open(config, provenance)
    for problem in put_unreadable_aside(folder):
        note(problem)
    if data.left_out:
        write_text(folder.left_out, "".join(f"{reason}\n" for reason in data.left_out))
    summary = new_summary(folder, config, task, plugin, data, provenance)
    notes = [one for one in (loaded.head_note, method.note) if one]
    warnings = [*summary.warnings, *loaded.warnings, *notes]
    summary = replace(
        summary, warnings=warnings, pooling_scores=method.pooling_scores, max_length=loaded.max_length
    )
    before = folder.read_summary()
    return summary if before is None else _resumed(summary, before, folder)


def refuse_other_plugin(folder: StudyFolder, plugin: str) -> None:
    """Raise StudyError if the study was made with a task of the same name of another distribution."""
    earlier = folder.earlier_provenance()
    if earlier is None or not earlier.plugin or comparable(earlier.plugin) == comparable(plugin):
        return
    raise StudyError(
        f"the study {folder.name!r} was made with the task of {earlier.plugin}, and the task of this name is "
        f"now that of {plugin}",
        expected=f"{earlier.plugin} {earlier.versions.get(earlier.plugin, '')}".rstrip(),
        next_step=f"Install {earlier.plugin}, or start another study with --study.",
        code="other-plugin",
    )


def rungs_per_epoch(folder: StudyFolder, config: StudyConfig, data: Dataset) -> int:
    """The evaluations per epoch: as configured, else the existing study's, else chosen by their cost."""
    from adaptkit.engine.prepare import rungs_per_epoch_for

    if config.search.evals_per_epoch:
        return config.search.evals_per_epoch
    if folder.toml.exists():
        return int(folder.read_provenance().fixed["rungs_per_epoch"])
    return rungs_per_epoch_for(len(data.train), len(data.dev))


def new_summary(
    folder: StudyFolder, config: StudyConfig, task: Task, plugin: str, data: Dataset, provenance: Provenance
) -> StudySummary:
    """The summary of a study before its first trial."""
    from adaptkit.strategies.apply import saved_as

    strategy = strategy_of(config)
    return StudySummary(
        name=folder.name,
        state="running",
        task=config.task,
        strategy=config.strategy,
        saved_as=saved_as(task.head, strategy),
        trained_how=strategy.in_words,
        new_tokens=list(task.new_tokens),
        model=config.model,
        metric=provenance.metric,
        direction=provenance.direction,
        metric_is=task.metric.description if provenance.metric == task.metric.name else "",
        groups_title=task.metric.groups_title,
        labels=data.labels,
        data=_splits(data, provenance.folds),
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
        pooling=provenance.pooling,
        folds=provenance.folds,
        reshuffle=config.reshuffle,
        class_weights=provenance.class_weights,
        label_smoothing=provenance.label_smoothing,
        layers=provenance.layers,
        head=task.head if isinstance(task.head, str) else "",
        gives=gives(task),
        warnings=data.warnings,
        plugin=plugin,
        versions=provenance.versions,
        started=datetime.now(UTC).isoformat("T", "seconds"),
    )


def with_examples(splits: Mapping[str, SplitRecord], **examples: int) -> dict[str, SplitRecord]:
    """The splits, with the number of examples made from each."""
    return {
        name: replace(split, examples=examples.get(name, split.examples)) for name, split in splits.items()
    }


def _splits(data: Dataset, folds: int) -> dict[str, SplitRecord]:
    """The splits by name. With folds, the rows that would be the dev split are training rows."""
    splits = {"train": data.train, "dev": data.dev, **({"test": data.test} if data.test else {})}
    found = {
        name: SplitRecord(
            source=rows.source,
            rows=len(rows),
            skipped=len(rows.skipped),
            unknown_labels=rows.unknown_labels,
            examples=len(rows),
        )
        for name, rows in splits.items()
    }
    if folds:
        rows = len(data.train) + len(data.dev)
        del found["dev"]
        found["train"] = replace(found["train"], rows=rows, examples=rows)
    return found


def _resumed(summary: StudySummary, before: StudySummary, folder: StudyFolder) -> StudySummary:
    """The new summary with what earlier runs of the study recorded."""
    kept = {name: getattr(before, name) for name in KEPT_ON_RESUME}
    lasting = [one for one in before.warnings if one.startswith(OTHER_VERSIONS)]
    kept["warnings"] = list(dict.fromkeys([*summary.warnings, *before.truncation, *lasting]))
    if before.model_folder:
        kept["model_folder"] = str(folder.best)  # the folder may have been moved or renamed
    examples = {name: split.examples for name, split in before.data.items()}
    ended = sum(not record.interrupted for record in folder.read_trials())
    total = max(summary.trials, ended)  # fewer may be asked for now, and none is removed
    return replace(summary, **kept, trials=total, data=with_examples(summary.data, **examples))
