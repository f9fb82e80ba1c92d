"""The complete program, from top to bottom: `run` runs a study to its end.

data ──▶ model, by its strategy ──▶ trials, trained together and pruned, or solved ──▶ the best ones,
confirmed ──▶ winner, trained again on all rows if that is due ──▶ exported and verified
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from adaptkit.engine.trainer import LocalTrainer, Trainer
from adaptkit.errors import Interrupted
from adaptkit.models.depth import with_layers
from adaptkit.models.pooling import with_pooling
from adaptkit.report.progress import Progress
from adaptkit.run.callbacks import Callbacks
from adaptkit.run.confirmation import confirm_solved, confirm_trained, confirmation_due
from adaptkit.run.context import Clock, RunContext, versions
from adaptkit.run.evaluations import evaluation_rule
from adaptkit.run.finalize import finalize_study
from adaptkit.run.head_init import initialize_head
from adaptkit.run.heads import solve_again, solve_trials, to_solve_again
from adaptkit.run.method import Method, resolve_method, space_of
from adaptkit.run.opening import open_study, with_its_settings
from adaptkit.run.pooling import choose_pooling
from adaptkit.run.refit import drop_refit, refit_due
from adaptkit.run.refitting import train_again
from adaptkit.run.reshuffling import first_alone, held_out_of
from adaptkit.run.resolve import (
    Machine,
    chosen_metric,
    default_name,
    plugins_of,
    refuse_problems,
    strategy_of,
)
from adaptkit.run.rows import keep_rows, rows_by_reference
from adaptkit.run.setup import load_encoder, measure_capacity, prepare_training, read_data
from adaptkit.run.study import Study
from adaptkit.run.training import train_trials
from adaptkit.run.waiting import show_waiting
from adaptkit.search.space import SearchSpace
from adaptkit.study.confirmation import ConfirmationFolder
from adaptkit.study.find import refuse_unwritable, study_folder
from adaptkit.study.removal import removed_if_refused
from adaptkit.study.winner import standing, with_runs
from adaptkit.system.signals import Interruption, end_process
from adaptkit.tasks import registry
from adaptkit.tasks.metrics import with_metric

if TYPE_CHECKING:
    from rich.console import Console

    from adaptkit.config import StudyConfig
    from adaptkit.data.in_memory import MemoryRows
    from adaptkit.data.load import Dataset
    from adaptkit.engine.head_init import SolvedHead
    from adaptkit.engine.prepare import Model
    from adaptkit.engine.training import Training
    from adaptkit.models.loading import LoadedModel
    from adaptkit.search.search import Search
    from adaptkit.study.folder import StudyFolder
    from adaptkit.task import Task


def run(
    config: StudyConfig,
    console: Console,
    *,
    studies: Path,
    name: str | None = None,
    rows: Sequence[MemoryRows] = (),
    callbacks: Sequence[object] = (),
    second_signal: Callable[[int], None] = end_process,
    trainer: Trainer | None = None,
) -> Study:
    """Run a study, or continue it, to its end.

    Args:
        config: the configuration.
        console: where the progress is shown.
        studies: the folder of the studies.
        name: the study's name; by default it is made from the configuration.
        rows: rows that were given in Python, which the configuration refers to.
        callbacks: are called when trials start, are scored and end; see `adaptkit.Callback`.
        second_signal: what a second signal does, if the first has not ended the run yet.
        trainer: where the trials are trained; by default in this process.

    Raises:
        UserError: something in the configuration, the data, the model or the study on disk is wrong. The
            trials that have ended are kept.
        NoTrialSucceeded: every trial failed.
        ExportError: the exported model does not give the winner's logits.
        Interrupted: a signal was received. The same call continues the study.
    """
    refuse_problems(config)
    task, plugin = registry.load(config.task, config.options), registry.find(config.task).distribution
    task = with_metric(task, config.search.metric, config.search.metric_options)
    strategy_of(config)  # refuses an unknown one before the data are read
    metric, direction = chosen_metric(task.metric, config.search.metric)
    folder = study_folder(studies, default_name(config) if name is None else name)
    refuse_unwritable(folder.path)

    progress, clock = Progress(console, config.search.trials, metric, direction), Clock()
    with Interruption(second_signal) as interruption, progress:
        earlier = folder.earlier_provenance()
        given = rows_by_reference(folder, config.data, rows)
        data = read_data(config, task, earlier, progress, clock, given)
        with with_its_settings(folder, config, data, earlier):
            method = resolve_method(config, task, earlier, data)
            if method.note:
                progress.note(method.note)
            method = choose_pooling(config, task, data, method, (metric, direction), progress, clock)
            space = space_of(config, task, method, data)
            built = with_layers(with_pooling(task, method.pooling), method.layers)
            machine, loaded = load_encoder(
                config, built, data, earlier, progress, clock, solver=method.solver
            )
        removal = removed_if_refused(folder)
        with folder.lock() as lock, removal, interruption.guarded():
            keep_rows(folder, config.data, given)
            summary = open_study(
                folder, config, task, plugin, data, space, method, (metric, direction), loaded,
                progress.note,
            )  # fmt: skip
            context = RunContext(
                folder, summary, progress, clock, interruption, summary.seconds, lock, Callbacks(callbacks),
                trainer or LocalTrainer(),
            )  # fmt: skip
            show_earlier(progress, folder, config.search.trials)
            with recorded_on_error(context):
                search_and_train(context, config, built, data, loaded, machine, space, method)
                records = finalize_study(context, config, task, data, machine.device)
    return Study(folder, context.summary, records)


def show_earlier(progress: Progress, folder: StudyFolder, total: int) -> None:
    """Count the trials of earlier runs, and say if they are more than are wanted now."""
    ended = [record for record in folder.read_trials() if not record.interrupted]
    progress.resumed(ended)
    if len(ended) > total:
        progress.note(
            f"the study has {len(ended):,} trials already, so no trial is added: the total of all runs is to "
            f"be {total:,} (--trials)"
        )


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
    """Train or solve the remaining trials, confirm the best ones, and train the winner again where it is due.

    What ends is recorded at once. After the timeout the rest is left to the next run.
    """
    from adaptkit.search.search import open_search

    with open_search(
        context.folder.database,
        context.folder.read_trials(),
        space=space,
        direction=context.summary.direction,
        seed=config.seed,
        trials=config.search.trials,
        reshuffle=config.reshuffle,
    ) as search:
        record_orphans(context, search)
        rungs_per_epoch = int(context.folder.read_provenance().fixed["rungs_per_epoch"])
        rungs = max(1, round(space.epochs * rungs_per_epoch))
        due = confirmation_due(context, config, method, rungs)
        drop_refit(context, config, method, data)
        refit = refit_due(context, config, method, data)
        again = refit or to_solve_again(context, config, method, data)
        if not (search.remaining or due or again):
            context.clock.seconds.clear()  # nothing is left to train, so reading it all again does not count
            context.progress.phase("nothing is left to train: the study is finished")
            context.note_versions(versions(*plugins_of(config, context.summary.plugin)))
            return
        context.write_versions(versions(*plugins_of(config, context.summary.plugin)))
        with context.interruption.exposed():  # no trial has started, so a signal may stop it at any point
            held_out = held_out_of(config, task, data, search.splits)
            heads: Mapping[int, SolvedHead] = {}
            if method.head_init == "solved" and not (loaded.head_kept and config.head_init == "auto"):
                needed = held_out if search.remaining else first_alone(held_out)
                heads = initialize_head(context, config, task, data, loaded, machine, method, needed)
            model, training = prepare_training(
                context, config, task, data, loaded, machine, space, rungs_per_epoch, method, held_out, heads
            )
        if method.solver == "lbfgs":
            solve_trials(context, config, task, data, training, search, folds=method.folds)
            context.write(importances=search.importances())
            if not search.remaining and (due := confirmation_due(context, config, method, rungs)):
                confirm_solved(context, config, task, data, training, due, folds=method.folds)
        else:
            train_and_confirm(context, config, task, data, model, training, search, method, rungs)
        if best := to_solve_again(context, config, method, data):
            solve_again(context, training, data, best)


def train_and_confirm(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, model: Model, training: Training,
    search: Search, method: Method, rungs: int,
) -> None:  # fmt: skip
    """Train the remaining trials in steps; then the best ones again; then the winner on all rows."""
    due = confirmation_due(context, config, method, rungs)
    wanted = search.remaining or (len(due.trials) * due.runs if due else 1)
    with context.interruption.exposed():
        capacity = measure_capacity(context, config, training, wanted)
    show_waiting(context, config, method, data, capacity, trials=search.remaining, rungs=rungs)
    rule = evaluation_rule(config, method.ranges, rungs)
    train_trials(context, config, capacity, search, rungs=rungs, rule=rule)
    context.write(importances=search.importances())
    if not search.remaining and (due := confirmation_due(context, config, method, rungs)):
        confirm_trained(context, config, task, data, capacity, due, method, rule)
    ended = not search.remaining and not confirmation_due(context, config, method, rungs)
    if ended and (aim := refit_due(context, config, method, data)):
        train_again(context, config, task, data, model, capacity, aim, method)


def record_orphans(context: RunContext, search: Search) -> None:
    """Show what was repaired, and write lost records and those of a killed process's trials."""
    for warning in search.warnings:
        context.progress.note(warning)
    for record in search.recovered:
        context.folder.write_trial(record)
    for orphan in search.orphans:
        context.folder.write_trial(orphan)
        search.tell(orphan)
        context.announce("on_trial_end", context.folder.read_trials(), orphan)


@contextmanager
def recorded_on_error(context: RunContext) -> Iterator[None]:
    """Call the callbacks when the block ends. If an error ends it, record that the study was interrupted."""
    try:
        yield
        context.announce("on_study_end", context.folder.read_trials())
    except Interrupted as interrupted:
        records = context.folder.read_trials()
        context.summary = with_runs(context.summary, ConfirmationFolder(context.folder.confirmation))
        context.write(state="interrupted", **standing(context.summary, records))
        context.announce("on_study_end", records)
        interrupted.study = Study(context.folder, context.summary, records)
        raise
    except (Exception, KeyboardInterrupt):  # the latter after a second Ctrl-C in a Python session
        if context.summary.state == "running":
            with suppress(Exception):  # the disk may be the cause
                records = context.folder.read_trials()
                context.write(state="interrupted", **standing(context.summary, records))
        with suppress(Exception):
            context.announce("on_study_end", context.folder.read_trials())
        raise
