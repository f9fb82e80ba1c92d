"""The uniform average of the weights of the winner's confirmation runs: a "model soup".

The runs start alike, so their weights can be averaged (Wortsman et al. 2022, https://arxiv.org/abs/2203.05482).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from adaptkit.errors import ConfigError, TrialError
from adaptkit.study.confirmation import AVERAGE, ConfirmationFolder, ConfirmationRun

if TYPE_CHECKING:
    import torch

    from adaptkit.engine.train import Training
    from adaptkit.run.context import RunContext
    from adaptkit.task import Scores


def refuse_soup(wanted: bool, solver: str) -> None:
    """Raise ConfigError if runs are to be averaged that have the same weights anyway."""
    if wanted and solver == "lbfgs":
        raise ConfigError(
            "--soup with a head that is solved",
            expected="weights that training changes: no seed changes a head that is solved",
            next_step="Leave --soup out, or set --head-solver adamw.",
            code="soup-solved",
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
    from adaptkit.run.confirmation_scheduler import finite, finite_groups
    from adaptkit.run.scheduler import weights_writer

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
        calibration, scores = _scores(context, training, parameters)
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


def _scores(
    context: RunContext, training: Training, parameters: torch.Tensor
) -> tuple[dict[str, float], Scores]:
    """What the task calibrates on the dev rows, and the scores there, of the parameters ``[P]``."""
    from adaptkit.engine.batch_limits import BatchLimits
    from adaptkit.engine.evaluate import calibrate_and_score, predict_rows
    from adaptkit.engine.trial_stack import views

    slot = parameters.to(training.forward.device).unsqueeze(0)  # [1, P]
    limits = BatchLimits(slots=1, examples=1)
    (predictions,) = predict_rows(
        training.forward, views(training.layout, slot), training.dev, limits, context.check
    )
    return calibrate_and_score(training.dev, predictions, training.metric)
