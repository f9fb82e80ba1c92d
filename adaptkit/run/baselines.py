"""Scores a task's baselines on the rows that scored the study's trials, and on the test rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adaptkit.analysis.baselines import baseline_scores, out_of_fold_scores
from adaptkit.errors import Interrupted
from adaptkit.run.head_init import START
from adaptkit.run.reshuffling import data_of_split
from adaptkit.study.winner import exported_refit, split_of

if TYPE_CHECKING:
    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.run.context import RunContext
    from adaptkit.study.record import TrialRecord
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
    scores = _tried(
        context, lambda: scores_of_baselines(task, data, folds=context.summary.folds, seed=config.seed)
    )
    if scores is None:
        return False
    context.write(baselines={**context.summary.baselines, **known, **scores}, baselines_split=split)
    return True


def score_baselines_on_test(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, best: TrialRecord
) -> bool:
    """Score the baselines on the test rows, if the winner was, unless that is done; whether this call did it.

    They are trained on the rows that the exported model was trained on.

    Args:
        context: the run.
        config: the study's configuration.
        task: its task.
        data: its rows.
        best: the winner.

    Raises:
        Interrupted: a signal was received.
    """
    summary = context.summary
    if task.baseline is None or data.test is None or not summary.test or summary.test_baselines:
        return False
    test, its = data.test.values, data_of_split(config, task, data, split_of(summary, best))
    on_all = summary.folds or summary.refit == best.number or exported_refit(summary, best) is not None
    train = its.train.joined(its.dev) if on_all else its.train
    context.progress.phase("scoring the baselines on the test rows")
    scores = _tried(context, lambda: baseline_scores(task, train.values, test, data.labels))
    if not scores:
        return False
    context.write(test_baselines=scores)
    return True


def _tried(
    context: RunContext, score: Callable[[], dict[str, dict[str, float]]]
) -> dict[str, dict[str, float]] | None:
    """The scores of baselines; None, and the study has a warning, if they cannot be scored."""
    try:
        with context.clock.phase("baselines"), context.interruption.exposed():
            return score()
    except Interrupted:
        raise
    except Exception as error:
        context.interruption.check()  # a library may have raised another error because of the signal
        warning = f"the baselines could not be scored: {type(error).__name__}: {error}"
        context.progress.note(warning)
        context.write(warnings=list(dict.fromkeys([*context.summary.warnings, warning])))
        return None


def scores_of_baselines(task: Task, data: Dataset, *, folds: int, seed: int) -> dict[str, dict[str, float]]:
    """Out of the folds that scored the trials if there are any, else on the dev rows."""
    if not folds:
        return baseline_scores(task, data.train.values, data.dev.values, data.labels)
    from adaptkit.data.folds import folds_of

    rows = data.train.joined(data.dev)  # in the order of the trials' rows
    return out_of_fold_scores(task, rows.values, folds_of(task, rows, folds, seed).tolist(), data.labels)
