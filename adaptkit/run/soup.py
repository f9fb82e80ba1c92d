"""The uniform average of the weights of the winner's confirmation runs: a "model soup".

The runs start alike, so their weights can be averaged (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adaptkit.data.rows import counted
from adaptkit.errors import ConfigError, TrialError
from adaptkit.study.confirmation import AVERAGE, FEWEST_TRIALS, ConfirmationFolder, ConfirmationRun
from adaptkit.study.provenance import FIRST_WITH_AVERAGE, FIRST_WITH_REFIT

if TYPE_CHECKING:
    import torch

    from adaptkit.config import StudyConfig
    from adaptkit.engine.training import Training
    from adaptkit.run.context import RunContext


def averages_runs(config: StudyConfig, ranges: int, *, alike_anyway: bool) -> bool:
    """Whether the average of the winner's runs is scored: as configured, else where they start alike anyway.

    Args:
        config: the configuration.
        ranges: the version of the study's ranges; those before `FIRST_WITH_AVERAGE` had none by default, and
            those before `FIRST_WITH_REFIT` none with a refit.
        alike_anyway: whether no run would draw any of its parameters again.
    """
    if config.soup is not None:
        return config.soup
    with_refit = bool(config.search.refit) and ranges < FIRST_WITH_REFIT
    return alike_anyway and ranges >= FIRST_WITH_AVERAGE and not with_refit


def study_averages(context: RunContext, config: StudyConfig, ranges: int, training: Training) -> bool:
    """`averages_runs` of a study whose head, if it starts solved, has been solved."""
    from adaptkit.run.head_init import START
    from adaptkit.run.initials import start_alike

    alike_anyway = start_alike(training, solved_start=START in context.summary.baselines)
    return averages_runs(config, ranges, alike_anyway=alike_anyway)


def refuse_soup(config: StudyConfig, solver: str) -> None:
    """Raise ConfigError if no runs are averaged, or runs that have the same weights anyway."""
    if config.soup and solver == "lbfgs":
        raise ConfigError(
            "--soup with a head that is solved",
            expected="weights that training changes: no seed changes a head that is solved",
            next_step="Leave --soup out, or set --head-solver adamw.",
            code="soup-solved",
        )
    trials = config.search.trials
    if config.soup and config.search.confirm is None and trials < FEWEST_TRIALS:
        raise ConfigError(
            f"--soup with {counted(trials, 'trial')}",
            expected=f"runs to average: fewer than {FEWEST_TRIALS} trials have none without --confirm",
            next_step="Add --confirm 2, or leave --soup out.",
            code="soup-trials",
        )


def averaged(
    context: RunContext, training: Training, runs: Sequence[ConfirmationRun]
) -> ConfirmationRun | None:
    """The average of the runs of one configuration, scored on dev and recorded.

    Args:
        context: the run.
        training: what the runs were trained with.
        runs: those that have ended.

    Returns:
        Its record; None if it cannot be scored, if fewer than two runs have a score, or if the weights of one
        of them are not kept.

    Raises:
        Interrupted: a signal was received. The same command averages the weights again.
    """
    from adaptkit.engine.rehearsal import some_head_inputs
    from adaptkit.engine.scoring import score_slot
    from adaptkit.run.confirmation_scheduler import finite, finite_groups
    from adaptkit.run.weights import weights_writer

    folder = ConfirmationFolder(context.folder.confirmation)
    scored = [run for run in runs if run.score is not None]
    if len(scored) < 2 or not all(folder.has_weights(run.trial, run.run) for run in scored):
        return None
    trial, of = scored[0].trial, f"the average of the runs {', '.join(str(run.run) for run in scored)}"
    recorded = folder.read_average(trial)
    if recorded is not None and recorded.reason == of and folder.has_weights(trial, AVERAGE):
        return recorded
    context.progress.phase("averaging the weights of the winner's runs")
    started, parameters = time.monotonic(), _mean(folder, scored)
    try:
        calibration, scores = score_slot(training, parameters, context.check)
    except TrialError as error:
        context.progress.note(f"the average of the winner's runs cannot be scored: {error}")
        return None
    values = finite(scores.values)
    record = ConfirmationRun(
        trial=trial, run=AVERAGE, seed=scored[0].seed, state="complete", reason=of,
        score=values[training.metric], values=values, groups=finite_groups(scores.groups),
        calibration=calibration, seconds=time.monotonic() - started,
    )  # fmt: skip
    write = weights_writer(parameters, training.vocabulary, some_head_inputs(training))
    folder.keep_weights(trial, AVERAGE, write)
    folder.write(record)
    return record


def _mean(folder: ConfirmationFolder, runs: Sequence[ConfirmationRun]) -> torch.Tensor:
    """The mean of the parameters of the runs: ``[P]``."""
    import torch
    from safetensors.torch import load_file

    total = torch.zeros(())
    for run in runs:
        path = folder.weights(run.trial, run.run)
        assert path is not None  # noqa: S101 (the caller has looked)
        total = total + load_file(path)["row"]  # [P]
    return total / len(runs)
