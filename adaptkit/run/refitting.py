"""Trains the winning configuration again, on the training and dev rows together, for as long as before."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from adaptkit.errors import TrialError
from adaptkit.report import formatting
from adaptkit.run.refit import Aim, is_of, is_usable
from adaptkit.study.confirmation import ConfirmationRun
from adaptkit.study.record import UNTESTED
from adaptkit.study.refit import Refit, RefitFolder

if TYPE_CHECKING:
    import torch

    from adaptkit.config import StudyConfig
    from adaptkit.data.load import Dataset
    from adaptkit.engine.capacity import Capacity
    from adaptkit.engine.prepare import Model
    from adaptkit.engine.training import Training
    from adaptkit.run.context import RunContext
    from adaptkit.run.method import Method
    from adaptkit.task import Task

PHASES = ("train", "score", "confirm", "refit")
"""What the timeout is about."""


def train_again(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, model: Model, capacity: Capacity,
    aim: Aim, method: Method,
) -> None:  # fmt: skip
    """Train the winner again, and record it. After the timeout the study has a warning instead.

    Raises:
        Interrupted: a signal was received. The same command trains it again.
    """
    folder = RefitFolder(context.folder.refit)
    recorded = folder.read(aim.trial.number)
    if recorded is None or not is_of(aim, recorded) or not is_usable(folder, recorded):
        runs = f", {len(aim.seeds)} runs" if len(aim.seeds) > 1 else ""
        context.progress.phase(f"training the winner again on all rows{runs}")
        with context.clock.phase("refit"):
            recorded = _trained(context, config, task, data, model, capacity, aim, method)
    if recorded is None:
        warning = (
            "the timeout was reached; the same command will train the winner again on the training and dev "
            "rows together, with a longer --timeout if it does not suffice"
        )
        context.progress.note(warning)
        context.write(warnings=[*context.summary.warnings, warning])
        return
    context.write(trained_again=recorded, best=None, model_folder=None, **UNTESTED)
    folder.drop_other_weights(recorded)


def _trained(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, model: Model, capacity: Capacity,
    aim: Aim, method: Method,
) -> Refit | None:  # fmt: skip
    """The record of the refit, written with its weights; None if the timeout was reached."""
    from adaptkit.engine.other_rows import with_rows
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.run.weights import weights_writer

    rows = data.train.joined(data.dev)
    with context.interruption.exposed():
        training = with_rows(capacity.training, model, task, rows.values, seed=config.seed)
        training = _started(context, config, task, data, training, aim, method)
    started, reason, parameters = time.monotonic(), "", None
    try:
        parameters = _parameters(context, config, replace(capacity, training=training), aim)
        if parameters is not None:
            reason = _collapsed(context, capacity.training, parameters, aim)
    except TrialError as error:
        reason = str(error)
    if parameters is None and not reason:
        return None
    record = _record(aim, len(rows), reason, time.monotonic() - started)
    write = None
    if parameters is not None and not reason:
        write = weights_writer(parameters, training.vocabulary, some_head_inputs(training))
    RefitFolder(context.folder.refit).write(record, write)
    return record


def _started(
    context: RunContext, config: StudyConfig, task: Task, data: Dataset, training: Training, aim: Aim,
    method: Method,
) -> Training:  # fmt: skip
    """The training that starts as the run does which is exported without a refit."""
    from adaptkit.run.head_init import START
    from adaptkit.run.initials import initials_of
    from adaptkit.run.soup import study_averages

    if aim.exported is None or study_averages(context, config, method.ranges, training):
        return training
    solved_start = START in context.summary.baselines
    its = initials_of(config, task, data.labels, training, aim.seeds, solved_start=solved_start)
    return replace(training, initials=its)


def _parameters(
    context: RunContext, config: StudyConfig, capacity: Capacity, aim: Aim
) -> torch.Tensor | None:
    """The mean of the parameters ``[P]`` of all runs; None if the timeout was reached.

    They are trained one after another, so that they do not depend on how many trials fit together.

    Raises:
        TrialError: a run diverged, or memory ran out.
    """
    import torch

    from adaptkit.engine.refit import trained_for
    from adaptkit.run.evaluations import BEST_RUNG
    from adaptkit.run.scheduler import as_trial

    deadline = _deadline(context, config)

    def on_micro_step(examples: int, tokens: int) -> bool:
        context.progress.advanced(examples, tokens)
        context.check()
        return time.monotonic() < deadline

    rungs = max(1, round(aim.epochs * capacity.training.plan.rungs_per_epoch))
    limits, total = replace(capacity.limits, slots=1), torch.zeros(capacity.training.layout.width)  # [P]
    for seed in aim.seeds:
        torch.manual_seed(seed)  # of dropout
        run = as_trial(aim.trial.hyperparameters, number=0, seed=seed, rule=BEST_RUNG)
        trained = trained_for(capacity.training, run, rungs=rungs, limits=limits, on_micro_step=on_micro_step)
        if trained is None:
            return None
        total += trained
    return total / len(aim.seeds)


def _collapsed(context: RunContext, training: Training, parameters: torch.Tensor, aim: Aim) -> str:
    """Why the weights ``[P]`` are not to be exported: they score worse on the dev rows than all runs did.

    They were trained on these rows and the runs were not, so a training that succeeded scores better. A
    standard error is allowed, as each run has one of the best of its scores. Without runs nothing is known
    to compare with: the score of a trial was one of many, and may be of other rows.

    Raises:
        TrialError: an output is not finite, or the metric failed.
    """
    from adaptkit.analysis.confirmation import error_of_mean
    from adaptkit.engine.scoring import score_slot

    if not aim.runs:
        return ""
    _, scores = score_slot(training, parameters, context.check)
    sign = 1 if training.direction == "maximize" else -1
    score = scores.values[training.metric]
    worst = min(sign * run.score for run in aim.runs if run.score is not None)
    if sign * score >= worst - (error_of_mean(aim.runs) or 0.0):
        return ""
    return (
        f"the model then scores {formatting.score(score)} on the dev rows, and without them in its training "
        f"it scored {formatting.score(sign * worst)}"
    )


def _deadline(context: RunContext, config: StudyConfig) -> float:
    """The end of the time budget, on the clock of `time.monotonic`."""
    spent = sum(context.clock.seconds.get(name, 0.0) for name in PHASES)
    return time.monotonic() + (config.search.timeout or math.inf) - spent


def _record(aim: Aim, rows: int, reason: str, seconds: float) -> Refit:
    calibration = aim.trial.calibration if aim.exported is None else aim.exported.calibration
    own = ConfirmationRun(
        trial=aim.trial.number, run=0, seed=aim.trial.seed, state="complete", score=aim.trial.score,
        values=aim.trial.values, groups=aim.trial.groups,
    )  # fmt: skip
    runs = aim.runs or (own,)
    return Refit(
        trial=aim.trial.number, seed=aim.seeds[0], averaged=len(aim.seeds), epochs=aim.epochs,
        of_epochs=aim.trial.hyperparameters.get("epochs", 1.0), rows=rows,
        state="fail" if reason else "complete", reason=reason, seconds=seconds,
        runs=len(aim.runs), calibration=calibration,
        score=statistics.fmean(run.score for run in runs if run.score is not None),
        values=means([run.values for run in runs]),
        groups={
            name: means([run.groups[name] for run in runs if name in run.groups])
            for name in dict.fromkeys(name for run in runs for name in run.groups)
        },
    )  # fmt: skip


def means(numbers: Sequence[Mapping[str, float | None]]) -> dict[str, float | None]:
    """The mean of each number over the mappings that have it; None if none of them does."""
    found: dict[str, float | None] = {}
    for name in dict.fromkeys(name for one in numbers for name in one):
        known = [one for its in numbers if (one := its.get(name)) is not None and math.isfinite(one)]
        found[name] = statistics.fmean(known) if known else None
    return found
