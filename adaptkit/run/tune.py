"""The complete program, from top to bottom: `tune` makes a configuration, `run` runs the study.

data ──▶ model, by its strategy ──▶ trials, trained together and pruned ──▶ the best ones, confirmed with new
seeds ──▶ winner, exported and verified
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adaptkit.config import (
    DEFAULT_MODEL,
    DataConfig,
    HeadInitName,
    PoolingName,
    PrecisionName,
    SearchConfig,
    SolverName,
    StrategyName,
    StudyConfig,
    columns_of,
)
from adaptkit.errors import Interrupted
from adaptkit.models.depth import with_layers
from adaptkit.models.pooling import with_pooling
from adaptkit.report.progress import Progress
from adaptkit.run.confirmation import confirm_solved, confirm_trained, confirmation_due
from adaptkit.run.context import Clock, RunContext, versions
from adaptkit.run.finalize import finalize_study
from adaptkit.run.head_init import initialize_head
from adaptkit.run.heads import refit_best, refit_is_due, solve_trials
from adaptkit.run.method import Method, patience_of, resolve_method, space_of
from adaptkit.run.opening import open_study
from adaptkit.run.resolve import Machine, chosen_metric, default_name, refuse_problems
from adaptkit.run.setup import load_encoder, measure_capacity, prepare_training, read_data
from adaptkit.run.study import Study
from adaptkit.run.training import train_trials
from adaptkit.run.waiting import show_waiting
from adaptkit.search.space import SearchSpace
from adaptkit.study.confirmation import ConfirmationFolder
from adaptkit.study.find import refuse_unwritable, study_folder
from adaptkit.study.removal import removed_if_refused
from adaptkit.study.winner import standing, with_runs
from adaptkit.system.signals import Interruption
from adaptkit.tasks import registry

if TYPE_CHECKING:
    from rich.console import Console

    from adaptkit.data.load import Dataset
    from adaptkit.engine.train import Training
    from adaptkit.models.loading import LoadedModel
    from adaptkit.search.search import Search
    from adaptkit.task import Task


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
    delimiter: str | None = None,
    encoding: str | None = None,
    group: str | None = None,
    options: Mapping[str, Any] | None = None,
    model: str | Path = DEFAULT_MODEL,
    strategy: StrategyName = StudyConfig.strategy,
    pooling: PoolingName = StudyConfig.pooling,
    head_solver: SolverName = StudyConfig.head_solver,
    head_init: HeadInitName = StudyConfig.head_init,
    folds: int | None = None,
    layers: int | None = None,
    lora_rank: int = StudyConfig.lora_rank,
    max_length: int | None = None,
    trials: int = SearchConfig.trials,
    epochs: float | None = None,
    learning_rate: tuple[float, float] | None = None,
    batch_sizes: Sequence[int] | None = None,
    class_weights: str | Path | None = None,
    label_smoothing: float = 0.0,
    metric: str | None = None,
    pruning: bool = True,
    patience: int | None = None,
    confirm: int | None = None,
    evals_per_epoch: int | None = None,
    timeout: float | None = None,
    seed: int = 0,
    device: str = "auto",
    precision: PrecisionName = "auto",
    parallel_trials: int | None = None,
    fast_paths: bool = True,
    study: str | None = None,
    studies: str | Path = "studies",
) -> Study:
    """Tune a task on the data, and return the study. If the study exists, continue it.

    The arguments are the options of ``adaptkit tune``. `DataConfig`, `SearchConfig` and `StudyConfig`
    document them. `run` documents the errors.
    """
    from rich.console import Console

    config = StudyConfig(
        task=task,
        options=dict(options or {}),
        model=str(model),
        strategy=strategy,
        pooling=pooling,
        head_solver=head_solver,
        head_init=head_init,
        folds=folds,
        layers=layers,
        lora_rank=lora_rank,
        max_length=max_length,
        seed=seed,
        device=device,
        precision=precision,
        parallel_trials=parallel_trials,
        fast_paths=fast_paths,
        data=DataConfig(
            data=_text(data), train=_text(train), dev=_text(dev), test=_text(test),
            columns=columns_of(columns or {}), dev_fraction=dev_fraction, skip_bad_rows=skip_bad_rows,
            delimiter=delimiter, encoding=encoding, group=group,
        ),
        search=SearchConfig(
            trials=trials, epochs=float(epochs) if isinstance(epochs, int) else epochs,
            learning_rate=learning_rate,
            batch_sizes=tuple(batch_sizes) if isinstance(batch_sizes, Sequence) else batch_sizes,
            class_weights=_text(class_weights), label_smoothing=label_smoothing,
            metric=metric, pruning=pruning, patience=patience, confirm=confirm,
            evals_per_epoch=evals_per_epoch, timeout=timeout,
        ),
    )  # fmt: skip
    return run(config, Console(stderr=True), studies=Path(studies), name=study)


def run(config: StudyConfig, console: Console, *, studies: Path, name: str | None = None) -> Study:
    """Run a study, or continue it, to its end.

    Args:
        config: the configuration.
        console: where the progress is shown.
        studies: the folder of the studies.
        name: the study's name; by default it is made from the configuration.

    Raises:
        UserError: something in the configuration, the data, the model or the study on disk is wrong. The
            study was not changed.
        NoTrialSucceeded: every trial failed.
        ExportError: the exported model does not give the winner's logits.
        Interrupted: a signal was received. The same call continues the study.
    """
    refuse_problems(config)
    task, plugin = registry.load(config.task, config.options), registry.find(config.task).distribution
    metric, direction = chosen_metric(task.metric, config.search.metric)
    folder = study_folder(studies, default_name(config) if name is None else name)
    refuse_unwritable(folder.path)

    progress, clock = Progress(console, config.search.trials, metric, direction), Clock()
    with Interruption() as interruption, progress:
        earlier = folder.earlier_provenance()
        data = read_data(config, task, earlier, progress, clock)
        method = resolve_method(config, task, earlier, data)
        space = space_of(config, task, method, data)
        built = with_layers(with_pooling(task, method.pooling), method.layers)
        machine, loaded = load_encoder(config, built, data, earlier, progress, clock, solver=method.solver)
        undone = removed_if_refused(folder)
        with folder.lock() as lock, undone, interruption.guarded():
            summary = open_study(
                folder, config, task, plugin, data, space, method, (metric, direction), loaded,
                progress.note,
            )  # fmt: skip
            context = RunContext(folder, summary, progress, clock, interruption, summary.seconds, lock)
            progress.resumed(record for record in folder.read_trials() if not record.interrupted)
            with recorded_on_error(context):
                search_and_train(context, config, built, data, loaded, machine, space, method)
                records = finalize_study(context, config, task, data, machine.device)
    return Study(folder, context.summary, records)


def search_and_train(
    context: RunContext,
    config: StudyConfig,
    task: Task,
    data: Dataset,
    loaded: LoadedModel,
    machine: Machine,
    space: SearchSpace,
    method: Method,
) -> None:
    """Train trials together, and record how each ends, until the study has its total."""
    from adaptkit.search.search import open_search

    with open_search(
        context.folder.database,
        context.folder.read_trials(),
        space=space,
        direction=context.summary.direction,
        seed=config.seed,
        trials=config.search.trials,
    ) as search:
        record_orphans(context, search)
        rungs_per_epoch = int(context.folder.read_provenance().fixed["rungs_per_epoch"])
        rungs = max(1, round(space.epochs * rungs_per_epoch))
        due = confirmation_due(context, config, method, rungs)
        if not (search.remaining or due or refit_is_due(context, method, data)):
            return
        context.write_versions(versions(context.summary.plugin))
        with context.interruption.exposed():  # no trial has started, so a signal may stop it at any point
            if method.head_init == "solved" and not (loaded.head_kept and config.head_init == "auto"):
                initialize_head(context, config, task, data, loaded, machine, method)
            training = prepare_training(
                context, config, task, data, loaded, machine, space, rungs_per_epoch, folds=method.folds,
                weighting=method.weighting,
            )  # fmt: skip
        if method.solver == "lbfgs":
            solve_trials(context, config, task, data, training, search, folds=method.folds)
            context.write(importances=search.importances())
            if not search.remaining and (due := confirmation_due(context, config, method, rungs)):
                confirm_solved(context, config, task, data, training, due, folds=method.folds)
        else:
            train_and_confirm(context, config, task, data, training, search, method, rungs)
        if refit_is_due(context, method, data):
            refit_best(context, training)


def train_and_confirm(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, training: Training, search: Search,
    method: Method, rungs: int,
) -> None:  # fmt: skip
    """Train the remaining trials in steps; when all have ended, train the best configurations again."""
    due = confirmation_due(context, config, method, rungs)
    wanted = search.remaining or (len(due.trials) * due.runs if due else 1)
    with context.interruption.exposed():
        capacity = measure_capacity(context, config, training, wanted)
    show_waiting(context, config, capacity, trials=search.remaining, rungs=rungs)
    patience = patience_of(config, method, rungs)
    train_trials(context, config, capacity, search, rungs=rungs, patience=patience)
    context.write(importances=search.importances())
    if not search.remaining and (due := confirmation_due(context, config, method, rungs)):
        confirm_trained(context, config, task, data, capacity, due, patience)


def record_orphans(context: RunContext, search: Search) -> None:
    """Show what was repaired, and write lost records and those of a killed process's trials."""
    for warning in search.warnings:
        context.progress.note(warning)
    for record in search.recovered:
        context.folder.write_trial(record)
    for orphan in search.orphans:
        context.folder.write_trial(orphan)
        search.tell(orphan)


@contextmanager
def recorded_on_error(context: RunContext) -> Iterator[None]:
    """If an error ends the block, write to the summary that the study was interrupted."""
    try:
        yield
    except Interrupted as interrupted:
        records = context.folder.read_trials()
        context.summary = with_runs(context.summary, ConfirmationFolder(context.folder.confirmation))
        context.write(state="interrupted", **standing(context.summary, records))
        interrupted.study = Study(context.folder, context.summary, records)
        raise
    except Exception:
        if context.summary.state == "running":
            with suppress(Exception):  # the disk may be the cause
                records = context.folder.read_trials()
                context.write(state="interrupted", **standing(context.summary, records))
        raise


def _text(source: str | Path | None) -> str | None:
    return None if source is None else str(source)
