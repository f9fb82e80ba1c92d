"""Scores one slot's parameters on the dev rows, outside of a population."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.evaluate import calibrate_and_score, given, predict_rows
from adaptkit.engine.trial_stack import views

if TYPE_CHECKING:
    import torch

    from adaptkit.engine.training import Training
    from adaptkit.task import Scores


def score_slot(
    training: Training, parameters: torch.Tensor, check: Callable[[], None] = lambda: None
) -> tuple[dict[str, float], Scores]:
    """What the task calibrates on the dev rows, and the scores there, of the parameters ``[P]``.

    ``check`` is called after every batch, and may raise.

    Raises:
        TrialError: an output is not finite, or decode, merge_windows or the metric failed.
    """
    slot = parameters.to(training.forward.device).unsqueeze(0)  # [1, P]
    limits = BatchLimits(slots=1, examples=1)
    (result,) = predict_rows(training.forward, views(training.layout, slot), training.dev, limits, check)
    return calibrate_and_score(training.dev, given(result), training.metric)
