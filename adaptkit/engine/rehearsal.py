"""Tries a task's head, loss and decode on a few rows before the first trial."""

from __future__ import annotations

import torch

from adaptkit.data.encode import Bucket
from adaptkit.engine.batch_limits import OUT_OF_MEMORY, is_out_of_memory
from adaptkit.engine.evaluate import Pieces
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.errors import TaskError, TrialDiverged
from adaptkit.models.custom_head import HEAD, refuse_state

EXAMPLES = 8


@torch.no_grad()
def rehearse(training: Training) -> None:
    """Compute the loss of a few training rows, and decode a few dev rows, with the untrained model.

    Raises:
        TaskError: the task's head, loss or decode failed, or returned something wrong.
    """
    was_training = training.forward.module.training
    training.forward.module.eval()  # without dropout, which would draw random numbers
    try:
        _loss(training)
        _decode(training)
        _refuse_state(training)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise  # else training, later, takes fewer examples at once
    finally:
        training.forward.module.train(was_training)


def _loss(training: Training) -> None:
    forward, batch = training.forward, _few(training.buckets[0], training.forward.device)
    examples = len(next(iter(batch.values())))
    valid = torch.ones(1, examples, device=forward.device)
    stacked = {name: tensor.unsqueeze(0) for name, tensor in batch.items()}  # name → [1, examples, ...]
    forward.losses(views(training.layout, _initial(training)), stacked, valid)


def _decode(training: Training) -> None:
    bucket, forward = training.dev.buckets[0], training.forward
    parameters = views(training.layout, _initial(training))
    outputs = forward.outputs(parameters, _few(bucket, forward.device))  # name → [1, examples, ...]
    pieces, positions = Pieces(training.dev), bucket.positions[:EXAMPLES]
    pieces.take(
        {name: output[0].float().cpu().numpy() for name, output in outputs.items()},
        positions,
        [training.dev.examples[position] for position in positions],
    )
    if pieces.failure is not None and not isinstance(pieces.failure, TrialDiverged):
        raise TaskError(
            pieces.failure.problem,
            next_step="No trial was started. Correct the plugin, or report this to its author.",
            code="part-failed",
        ) from pieces.failure


def _refuse_state(training: Training) -> None:
    """Train the head on a few rows, if it could not be tried without them."""
    forward = training.forward
    if not forward.task.head_inputs:
        return
    head = next(inner for name, inner in forward.module.named_modules() if name.endswith(HEAD))
    before = {name: buffer.clone() for name, buffer in head.named_buffers()}
    devices = [forward.device] if forward.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        forward.module.train()
        _loss(training)
        forward.module.eval()
    refuse_state(forward.task, head, before)


def some_head_inputs(training: Training) -> dict[str, torch.Tensor]:
    """What the task's own head receives with a few examples, and their mask; empty for other heads.

    Name → ``[examples, ...]``. An export is verified with them, without any row.
    """
    names = training.forward.task.head_inputs
    few = training.buckets[-1].tensors.at(slice(EXAMPLES))
    wanted = (*names, "attention_mask") if names else ()
    return {name: few[name].cpu().contiguous() for name in wanted}


def _initial(training: Training) -> torch.Tensor:
    """Where every trial starts: ``[1, P]``."""
    return training.initial.to(training.forward.device).unsqueeze(0)


def _few(bucket: Bucket, device: torch.device) -> dict[str, torch.Tensor]:
    """The first examples of the bucket: name → ``[examples, ...]``."""
    return {name: tensor.to(device) for name, tensor in bucket.tensors.at(slice(EXAMPLES)).items()}
