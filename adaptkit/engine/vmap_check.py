"""Checks, on the study's own model and data, whether several trials can share one pass.

Before a population is trained, the outputs and losses of two slots are computed together, and each alone.
Slots are put into one pass only if these agree. Otherwise each slot has its own pass, and the reason is
reported.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import get_args

import torch

from adaptkit.engine.batch_limits import OUT_OF_MEMORY, is_out_of_memory
from adaptkit.engine.forward import Forward, MaskForm, Tensors
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import views
from adaptkit.errors import TaskError
from adaptkit.models.custom_head import HeadFailed

TOLERANCE = 1e-3
"""The largest difference of two outputs, relative to the largest output, in float32."""

NO_MEMORY = "two trials do not fit into memory"

LONGEST_REASON = 160
"""Characters of an error's first line that are reported."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class VmapCheck:
    """What the check found: one of the two is set."""

    training: Training | None = None
    """The training, with its forward pass in the form that may be used for several slots."""

    reason: str = ""
    """Why slots cannot share a pass."""


def vmap_check(training: Training) -> VmapCheck:
    """Whether the training's slots can share one pass, and in which form of the attention mask."""
    try:
        slots, batch = _two_slots(training)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
        return VmapCheck(reason=NO_MEMORY)
    plain = dataclasses.replace(training.forward, mask_form="tokens", bfloat16=False)
    reasons = []
    for form in get_args(MaskForm):
        reason = _disagreement(plain, dataclasses.replace(plain, mask_form=form), slots, batch)
        if not reason:
            forward = dataclasses.replace(training.forward, mask_form=form)
            return VmapCheck(training=dataclasses.replace(training, forward=forward))
        reasons.append(reason)
    return VmapCheck(reason=reasons[0])  # of the mask as the model usually gets it


def _two_slots(training: Training) -> tuple[Tensors, Tensors]:
    """Two different slots, name → ``[2, *shape]``, and a small batch, name → ``[8, ...]``, on the device."""
    device, bucket = training.forward.device, training.buckets[-1]
    theta = training.initial.to(device).repeat(2, 1)  # [2, P]
    generator = torch.Generator().manual_seed(0)  # the same on every device
    theta[1] += 0.01 * torch.randn(training.layout.width, generator=generator).to(device)
    batch = {
        name: tensor.to(device) for name, tensor in bucket.tensors.at(slice(8)).items()
    }  # name → [8, ...]
    return views(training.layout, theta), batch


@torch.no_grad()
def _disagreement(plain: Forward, forward: Forward, slots: Tensors, batch: Tensors) -> str:
    """How two slots by ``forward``, together and alone, differ from each by ``plain``; "" if they agree.

    Args:
        plain: the pass as it is for one slot.
        forward: the same pass in the form that is checked.
        slots: name → ``[2, *shape]``, parameters of two slots.
        batch: name → ``[batch, ...]``, with padding in it if the data have any.
    """
    training = forward.module.training
    forward.module.eval()  # without dropout, so that the same numbers come out twice
    try:
        alone = _computed_alone(plain, slots, batch)  # [2, numbers]
        also_alone = alone if forward == plain else _computed_alone(forward, slots, batch)  # [2, numbers]
        together = _together_or_refusal(forward, slots, batch)
    except (RuntimeError, ValueError, TypeError, IndexError, MemoryError) as error:
        return _refusal(error)  # what vmap cannot batch, it refuses with one of these
    finally:
        forward.module.train(training)
    if isinstance(together, str):
        return together
    scale = alone.abs().max().clamp_min(1e-3)
    difference = float(max((found - alone).abs().max() / scale for found in (together, also_alone)))
    return (
        "" if difference < TOLERANCE else f"outputs differ by {difference:.1e} from those of each trial alone"
    )


def _together_or_refusal(forward: Forward, slots: Tensors, batch: Tensors) -> torch.Tensor | str:
    """The outputs and losses of the slots together, ``[2, numbers]``; or why vmap cannot batch them.

    A part of the task that fails here has not failed for each slot alone, so the cause is vmap.
    """
    try:
        return torch.stack(list(_computed_together(forward, slots, batch)))
    except TaskError as error:
        cause = error.__cause__
        while isinstance(cause, HeadFailed):
            cause = cause.__cause__
        return _refusal(cause if isinstance(cause, Exception) else error)


def _refusal(error: Exception) -> str:
    """Why slots cannot share a pass, by the error that it raised."""
    if is_out_of_memory(error):
        return NO_MEMORY
    first_line = (str(error).splitlines() or [""])[0]
    if len(first_line) > LONGEST_REASON:
        first_line = f"{first_line[:LONGEST_REASON]} ..."
    return f"the model cannot be batched over trials: {type(error).__name__}: {first_line}"


def _computed_alone(forward: Forward, slots: Tensors, batch: Tensors) -> torch.Tensor:
    """The outputs and losses of two slots, one slot after the other: ``[2, numbers]``."""
    only = ({name: tensor[slot : slot + 1] for name, tensor in slots.items()} for slot in (0, 1))
    return torch.stack([next(_computed_together(forward, one, batch)) for one in only])


def _computed_together(forward: Forward, slots: Tensors, batch: Tensors) -> Iterator[torch.Tensor]:
    """For each of several slots its loss and its outputs, as one flat tensor.

    Scoring shares its batch among the slots, training does not.
    """
    count = len(next(iter(slots.values())))
    own = {
        name: torch.stack([tensor] * count) for name, tensor in batch.items()
    }  # name → [slots, batch, ...]
    valid = torch.ones(count, len(next(iter(batch.values()))), device=forward.device)  # [slots, batch]
    losses, _ = forward.losses(slots, own, valid)  # [slots]
    outputs = forward.outputs(slots, batch)  # name → [slots, batch, ...]
    for slot in range(count):
        yield torch.cat([losses[slot].view(1), *(output[slot].flatten() for output in outputs.values())])
