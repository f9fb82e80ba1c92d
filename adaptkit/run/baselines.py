"""Scores a task's baselines on the rows that scored the study's trials."""

from __future__ import annotations

from typing import TYPE_CHECKING

from adaptkit.analysis.baselines import baseline_scores, out_of_fold_scores
from adaptkit.errors import Interrupted
from adaptkit.run.head_init import START
from adaptkit.run.reshuffling import data_of_split

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.run.context import RunContext
    from adaptkit.task import Task


def score_baselines(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, split: int = 0
) -> bool:
    """Score the baselines and record their scores, unless that is done; whether this call did it.

    If they cannot be scored, the study has a warning: its trials are still valid.

    Args:
        context: the run.
        config: the study's configuration.
        task: its task.
        data: its rows.
        split: the split whose dev rows the winner's score is of; it is scored on these, too.

    Raises:
        Interrupted: a signal was received.
    """
    data = data_of_split(config, task, data, split)
    start = context.summary.start_scores.get(str(split))
    known = {} if start is None else {START: start}
    if task.baseline is None or (
        set(context.summary.baselines) - {START} and context.summary.baselines_split == split
    ):
        if known and context.summary.baselines.get(START) != start:
            context.write(baselines={**context.summary.baselines, **known}, baselines_split=split)
        return False
    context.progress.phase("scoring the baselines")
    try:
        with context.clock.phase("baselines"), context.interruption.exposed():
            scores = scores_of_baselines(task, data, folds=context.summary.folds, seed=config.seed)
    except Interrupted:
        raise
    except Exception as error:
        context.interruption.check()  # a library may have raised another error because of the signal
        warning = f"the baselines could not be scored: {type(error).__name__}: {error}"
        context.progress.note(warning)
        context.write(warnings=list(dict.fromkeys([*context.summary.warnings, warning])))
        return False
    context.write(baselines={**context.summary.baselines, **known, **scores}, baselines_split=split)
    return True


def scores_of_baselines(task: Task, data: Dataset, *, folds: int, seed: int) -> dict[str, dict[str, float]]:
    """Out of the folds that scored the trials if there are any, else on the dev rows."""
    if not folds:
        return baseline_scores(task, data.train.values, data.dev.values, data.labels)
    from adaptkit.data.folds import folds_of

    rows = data.train.joined(data.dev)  # in the order of the trials' rows
    return out_of_fold_scores(task, rows.values, folds_of(task, rows, folds, seed).tolist(), data.labels)
