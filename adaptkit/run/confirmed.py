"""The result of a confirmation: the winner, which of its weights are exported, and what is deleted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from adaptkit.study.confirmation import Confirmation, ConfirmationFolder, ConfirmationRun, runs_of, so_far
from adaptkit.study.record import UNTESTED

if TYPE_CHECKING:
    import torch

    from adaptkit.run.confirmation_scheduler import Waiting
    from adaptkit.run.context import RunContext

Averaging = Callable[[Sequence[ConfirmationRun]], ConfirmationRun | None]
"""The winner's runs → the average of their weights; None if there is none."""


def not_averaged(runs: Sequence[ConfirmationRun]) -> None:
    """Stands for an `Averaging` where no weights are averaged."""


def conclude(
    context: RunContext, plan: Confirmation, average: Averaging = not_averaged,
    own_weights: Collection[int] = (),
) -> None:  # fmt: skip
    """Write the result to the summary; if runs remain, how many have ended, and a warning."""
    from adaptkit.analysis.confirmation import error_of_mean

    folder = ConfirmationFolder(context.folder.confirmation)
    runs = folder.read()
    left = plan.total - so_far(plan, runs).ended
    if left:
        warning = f"the timeout was reached; confirmation runs that the same command will train: {left}"
        context.progress.note(warning)
        write_unfinished(context, plan, runs, warnings=[*context.summary.warnings, warning])
        return
    done = concluded(plan, runs, folder, context.summary.direction, own_weights=own_weights)
    winner, best = done.winner, done.exported
    if winner is not None and best is not None:
        its = runs_of(plan, runs, winner)
        error = error_of_mean(its) or 0.0
        done = with_average(done, average(its), context.summary.direction, best, error)
        if average is not_averaged:
            folder.drop_other_weights(winner, best.run)
    context.write(confirmation=done, best=None, model_folder=None, **UNTESTED)
    if average is not not_averaged:
        drop_losers(done, runs, folder, context.summary.direction)


def with_average(
    done: Confirmation, average: ConfirmationRun | None, direction: str, best: ConfirmationRun, error: float
) -> Confirmation:
    """The result with the average, which is exported unless it is clearly worse than the runs.

    That is by more than a standard error of their mean. Each run has one of the best of its scores, which is
    somewhat too high, and that of the average is not (`benchmarks/curves`).
    """
    mean = next((one.mean for one in done.candidates if one.trial == done.winner), None)
    if average is None or average.score is None or mean is None:
        return done
    sign = 1 if direction == "maximize" else -1
    done = replace(done, average=average, best_run=best)
    if sign * average.score < sign * mean - error:
        return done
    return replace(done, exported_run=average.run, exported=average)


def drop_losers(
    done: Confirmation, runs: Sequence[ConfirmationRun], folder: ConfirmationFolder, direction: str
) -> None:
    """Delete the weights of all runs but the best of each candidate that is not the winner."""
    from adaptkit.analysis.confirmation import best_run

    for trial in done.trials:
        best = best_run(runs_of(done, runs, trial), direction)
        if trial != done.winner and best is not None:
            folder.drop_other_weights(trial, best.run)


def write_unfinished(
    context: RunContext, plan: Confirmation, runs: Sequence[ConfirmationRun], **changes: Any
) -> None:
    """Write how many runs have ended, unless an earlier confirmation of the same best trial still counts."""
    before = context.summary.confirmation
    if before is None or before.winner is None:
        changes["confirmation"] = so_far(plan, runs)
    elif before.searched_best != plan.searched_best:
        changes |= {"confirmation": so_far(plan, runs), "best": None, "model_folder": None, **UNTESTED}
    context.write(**changes)


def concluded(
    plan: Confirmation, runs: Sequence[ConfirmationRun], folder: ConfirmationFolder, direction: str, *,
    own_weights: Collection[int],
) -> Confirmation:  # fmt: skip
    """The plan with its result. A run can be exported only if its weights are kept.

    No run is exported of the trials in ``own_weights``: their own weights are.
    """
    from adaptkit.analysis.confirmation import best_run, candidate_of, winner_of

    of_trial = {trial: runs_of(plan, runs, trial) for trial in plan.trials}
    default = of_trial[plan.default]
    found = [
        candidate_of(trial, its, None if trial == plan.default else default)
        for trial, its in of_trial.items()
    ]
    winner = winner_of(found, direction, plan.default)
    its = [] if winner is None or winner in own_weights else of_trial[winner]
    exported = best_run([run for run in its if folder.has_weights(run.trial, run.run)], direction)
    return replace(
        plan, candidates=tuple(found), winner=plan.searched_best if winner is None else winner,
        exported_run=None if exported is None else exported.run,
        exported=None if exported is None else replace(exported, resampled=()),
    )  # fmt: skip


def scores_own_heads(context: RunContext, plan: Confirmation) -> bool:
    """Whether a run scores the head of its trial: the search solved it on the same rows."""
    return plan.over == "rows" and not context.summary.reshuffle


def trials_with_weights(context: RunContext, plan: Confirmation) -> Collection[int]:
    """The trials of which their own weights are exported, as they are undamaged, and not those of a run."""
    if not scores_own_heads(context, plan):
        return ()
    return [number for number in plan.trials if context.folder.has_weights(number)]


def kept_heads(
    context: RunContext, plan: Confirmation, waiting: Sequence[Waiting]
) -> dict[int, torch.Tensor]:
    """The place of a run → the parameters ``[P]`` of its trial's own head, if they are kept."""
    from safetensors.torch import load_file

    kept = {number: context.folder.weights(number) for number in trials_with_weights(context, plan)}
    paths = {trial.number: kept.get(run.trial) for trial, run in waiting}
    return {place: load_file(path)["row"] for place, path in paths.items() if path is not None}
