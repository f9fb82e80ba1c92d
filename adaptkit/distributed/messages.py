"""What workers send to the driver, and the work that the driver sends to them."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from adaptkit.engine.batch_limits import BatchLimits
    from adaptkit.engine.training import Training


@dataclass(frozen=True)
class Call:
    """A question to the driver's scheduler: the method of `Scheduler`, and its arguments."""

    method: str
    arguments: tuple[Any, ...]


@dataclass(frozen=True)
class Ended:
    """The worker's population has ended."""

    error: Exception | None = None
    """What ended it; None if the scheduler had no more trials."""


@dataclass(frozen=True)
class Process:
    """The process of a worker."""

    pid: int
    created: float
    """When it was started: a later process may have the same pid."""

    node: str
    """The id of its machine in the cluster. It has another one if Ray is started there again."""

    machine: str = ""
    """A name of the machine that stays the same: see `this_machine`."""


def packed(training: Training, slots: int, limits: BatchLimits) -> bytes:
    """The work for every worker, with cloudpickle: functions and patched methods are part of the model."""
    from ray import cloudpickle
    from torch import save

    buffer = io.BytesIO()
    save((training, slots, limits), buffer, pickle_module=cloudpickle)
    return buffer.getvalue()


def unpacked(work: bytes, device: str) -> tuple[Training, int, BatchLimits]:
    """The work, on this device. Tensors that were on the CPU stay there."""
    import torch

    from adaptkit.engine.patches.attention import register_attention

    register_attention()  # transformers finds it by name, and the registry is the process's own

    def placed(storage: Any, place: str) -> Any:
        return storage if place == "cpu" else storage.to(device=device)

    training, slots, limits = torch.load(io.BytesIO(work), weights_only=False, map_location=placed)
    return replace(training, forward=replace(training.forward, device=torch.device(device))), slots, limits
