"""Proves, on the study's own model and data, that its slots may be trained together.

Before a population is trained, two slots' outputs are computed together and each alone. Only where they
agree are slots put into one pass; a model that cannot be batched over slots is trained one slot at a time,
correctly and at its own pace, rather than wrongly.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import get_args

import torch

from adaptkit.engine.batch_limits import OUT_OF_MEMORY, is_out_of_memory
from adaptkit.engine.forward import Forward, MaskForm, Tensors
from adaptkit.engine.train import Training
from adaptkit.engine.trial_stack import views

TOLERANCE = 1e-3
"""The largest difference of two outputs, relative to the largest output, in float32."""


def vmap_check(training: Training) -> Training | None:
    """The training with its forward pass in a form proved right for slots together; None if there is none."""
    try:
        slots, batch = _two_slots(training)
    except OUT_OF_MEMORY as error:
        if not is_out_of_memory(error):
            raise
        return None  # where two slots do not fit, one a pass it is
    forward = form_that_agrees(training.forward, slots, batch)
    return None if forward is None else dataclasses.replace(training, forward=forward)


def _two_slots(training: Training) -> tuple[Tensors, Tensors]:
    """Two different slots, name → ``[2, *shape]``, and a small batch, name → ``[8, ...]``, on the device."""
    device, bucket = training.forward.device, training.buckets[-1]
    theta = training.initial.to(device).repeat(2, 1)  # [2, P]
    generator = torch.Generator().manual_seed(0)  # the same on every device
    theta[1] += 0.01 * torch.randn(training.layout.width, generator=generator).to(device)
    batch = {name: tensor[:8].to(device) for name, tensor in bucket.tensors.items()}  # name → [8, ...]
    return views(training.layout, theta), batch


def form_that_agrees(forward: Forward, slots: Tensors, batch: Tensors) -> Forward | None:
    """The forward pass in the form whose slots together equal its slots alone; None if there is none.

    Args:
        forward: the pass, in any form.
        slots: name → ``[2, *shape]``, parameters of two slots.
        batch: name → ``[batch, ...]``, with padding in it if the data have any.
    """
    plain = dataclasses.replace(forward, mask_form="tokens", bfloat16=False)
    for form in get_args(MaskForm):
        if _agrees(plain, dataclasses.replace(plain, mask_form=form), slots, batch):
            return dataclasses.replace(forward, mask_form=form)
    return None


@torch.no_grad()
def _agrees(plain: Forward, forward: Forward, slots: Tensors, batch: Tensors) -> bool:
    """Whether the slots together, and alone, by ``forward`` are the slots alone by the ``plain`` pass."""
    training = forward.module.training
    forward.module.eval()  # no dropout: the same numbers twice
    try:
        alone = _computed_alone(plain, slots, batch)  # [2, numbers]
        also_alone = alone if forward == plain else _computed_alone(forward, slots, batch)  # [2, numbers]
        together = torch.stack(list(_computed_together(forward, slots, batch)))  # [2, numbers]
    except (RuntimeError, ValueError, TypeError, IndexError):
        return False  # what vmap cannot batch, it refuses with one of these
    finally:
        forward.module.train(training)
    scale = alone.abs().max().clamp_min(1e-3)
    differences = [(found - alone).abs().max() / scale for found in (together, also_alone)]
    return bool(max(differences) < TOLERANCE)


def _computed_alone(forward: Forward, slots: Tensors, batch: Tensors) -> torch.Tensor:
    """All that two slots' outputs and losses are, one slot after the other: ``[2, numbers]``."""
    only = ({name: tensor[slot : slot + 1] for name, tensor in slots.items()} for slot in (0, 1))
    return torch.stack([next(_computed_together(forward, one, batch)) for one in only])


def _computed_together(forward: Forward, slots: Tensors, batch: Tensors) -> Iterator[torch.Tensor]:
    """What each of several slots gives, its loss and its outputs as one flat tensor.

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
