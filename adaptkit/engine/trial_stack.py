"""A population's state: one trial is one slot of a matrix.

All trainable parameters of a trial, flattened, are a slot of ``theta [K, P]``; its gradients are the same
slot of ``grad [K, P]``. The model's parameters are views of these. The columns of parameters with weight
decay come first, so a slot is two flat tensors for torch's AdamW. Each slot has its own optimiser, with its
own learning rate, decay, moments and step count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from adaptkit.engine.types import Trial

BYTES_PER_PARAMETER = 5 * 4
"""Per trial: the parameter, its gradient, two moments, and the kept rung's copy, in float32."""

LARGEST_GRADIENT_NORM = 1.0
BETAS = (0.9, 0.999)
EPSILON = 1e-8
SMALLEST_WEIGHT = 1e-12
"""A batch without any item has a zero gradient; this avoids 0 / 0."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The columns of each trainable parameter in a slot."""

    shapes: Mapping[str, torch.Size]
    """In the order of the columns, which have no gaps."""

    columns: Mapping[str, slice]
    decayed: int
    """The columns before this have weight decay."""

    width: int
    """P: the trainable parameters of one trial."""


def layout_of(module: nn.Module) -> Layout:
    """The layout of the module's trainable parameters: those with weight decay first.

    Matrices have weight decay, vectors (biases and normalisation) do not, as in BERT's own recipe.
    """
    trained = {name: p for name, p in module.named_parameters() if p.requires_grad}
    ordered = sorted(trained, key=lambda name: trained[name].dim() < 2)  # stable: matrices, then vectors
    columns, start = {}, 0
    for name in ordered:
        columns[name] = slice(start, start + trained[name].numel())
        start += trained[name].numel()
    decayed = sum(p.numel() for p in trained.values() if p.dim() >= 2)
    shapes = {name: trained[name].shape for name in ordered}
    return Layout(shapes=shapes, columns=columns, decayed=decayed, width=start)


def read_slot(module: nn.Module, layout: Layout) -> torch.Tensor:
    """The module's trainable parameters as one slot ``[P]``."""
    parameters = dict(module.named_parameters())
    return torch.cat([parameters[name].detach().reshape(-1).float() for name in layout.shapes])  # [P]


def write_slot(module: nn.Module, layout: Layout, slot: torch.Tensor) -> None:
    """Writes a slot ``[P]`` into the module's parameters."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, shape in layout.shapes.items():
            parameters[name].copy_(slot[layout.columns[name]].view(shape))


def views(layout: Layout, slots: torch.Tensor) -> dict[str, torch.Tensor]:
    """Slots ``[slots, P]`` as the parameters in them, without copying: name → ``[slots, *shape]``."""
    parts = slots.split([shape.numel() for shape in layout.shapes.values()], dim=1)  # [slots, columns] each
    return {
        name: part.view(len(slots), *shape)
        for (name, shape), part in zip(layout.shapes.items(), parts, strict=True)
    }


class TrialStack:
    """The matrix of a population and the optimisers of its slots.

    Slots ``0 .. active - 1`` are in use. Removing a trial moves the last of them into its slot.
    """

    def __init__(self, layout: Layout, capacity: int, device: torch.device) -> None:
        """Raises torch.OutOfMemoryError or RuntimeError if ``capacity`` slots do not fit."""
        self.layout = layout
        self.capacity = capacity
        self.active = 0
        self.theta = torch.zeros(capacity, layout.width, device=device)  # [K, P]
        self.grad = torch.zeros(capacity, layout.width, device=device)  # [K, P]
        self.weight = torch.zeros(capacity, device=device)  # [K], of the items accumulated in grad
        self._stale = [True] * capacity
        """Whether a slot's gradients are those of an earlier step: the next ones are written, not added."""

        self._parameters = [self._segments(slot) for slot in range(capacity)]
        self._optimisers: list[torch.optim.AdamW] = [self._optimiser(slot, 0.0) for slot in range(capacity)]

    def add(self, initial: torch.Tensor, trial: Trial) -> int:
        """Starts a trial in a free slot from ``initial [P]``; returns the slot."""
        slot = self.active
        self.theta[slot].copy_(initial)
        self._clear(slot)
        self._optimisers[slot] = self._optimiser(slot, trial.weight_decay)
        self.active += 1
        return slot

    def remove(self, slot: int) -> None:
        """Frees a slot; the last active slot moves into it."""
        last = self.active - 1
        if slot != last:
            self.theta[slot].copy_(self.theta[last])
            self.grad[slot].copy_(self.grad[last])
            self._exchange(slot, last)
        self.active = last

    def arrange(self, order: Sequence[int]) -> None:
        """Moves slot ``order[i]`` to slot ``i``, for all active slots."""
        for place, source in enumerate(order):
            while source < place:  # it was moved before, to the slot that its place was filled from
                source = order[source]
            if source != place:
                for matrix in (self.theta, self.grad):
                    slot = matrix[place].clone()  # [P]
                    matrix[place].copy_(matrix[source])
                    matrix[source].copy_(slot)
                self._exchange(place, source)

    def parameters(self, start: int, stop: int) -> dict[str, torch.Tensor]:
        """Views of theta's slots ``start`` to ``stop``: name → ``[stop - start, *shape]``."""
        return views(self.layout, self.theta.detach()[start:stop])

    def accumulate(
        self, start: int, stop: int, gradients: Mapping[str, torch.Tensor | None], weights: torch.Tensor
    ) -> None:
        """Adds gradients ``[stop - start, *shape]`` of summed losses, and their weights ``[stop - start]``.

        A gradient that is None is zero.
        """
        stale = self._stale[start:stop]
        if any(stale) and not all(stale):
            for slot in range(start, stop):
                if self._stale[slot]:
                    self.grad[slot].zero_()
        for name, gradient in gradients.items():
            part = self.grad[start:stop, self.layout.columns[name]]  # [slots, columns]
            if not all(stale):
                if gradient is not None:
                    part += gradient.reshape(stop - start, -1)
            elif gradient is None:
                part.zero_()
            else:
                part.copy_(gradient.reshape(stop - start, -1))
        self._stale[start:stop] = [False] * (stop - start)
        self.weight[start:stop] += weights

    def step(self, slot: int, learning_rate: float) -> None:
        """One AdamW step of one slot, on the mean gradient of all that was accumulated.

        The gradient's norm is clipped at 1 (Pascanu et al. 2013, https://arxiv.org/abs/1211.5063). The
        division by weight and norm is left to AdamW, which reads the gradients anyway.
        """
        if self._stale[slot]:
            self.grad[slot].zero_()  # nothing was accumulated; AdamW still decays and counts the step
        weight = self.weight[slot].clamp_min(SMALLEST_WEIGHT)  # []
        norm = self.grad[slot].norm() / weight  # []
        optimiser: Any = self._optimisers[slot]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate
        optimiser.grad_scale = weight * ((norm + 1e-6) / LARGEST_GRADIENT_NORM).clamp_min(1.0)  # []
        optimiser.step()
        self._clear(slot)

    def finite(self) -> torch.Tensor:
        """Whether all parameters of each active slot are finite: ``[active]`` booleans."""
        return self.theta[: self.active].isfinite().all(dim=1)

    def _segments(self, slot: int) -> list[nn.Parameter]:
        segments = [nn.Parameter(self.theta[slot, half]) for half in self._halves()]
        for segment, half in zip(segments, self._halves(), strict=True):
            segment.grad = self.grad[slot, half]
        return segments

    def _halves(self) -> tuple[slice, slice]:
        """The columns that are decayed, and the others."""
        return slice(0, self.layout.decayed), slice(self.layout.decayed, self.layout.width)

    def _clear(self, slot: int) -> None:
        self._stale[slot] = True
        self.weight[slot] = 0.0

    def _exchange(self, one: int, other: int) -> None:
        """Exchanges what two slots have outside the two matrices."""
        pair, turned = [one, other], [other, one]
        self.weight[pair] = self.weight[turned]
        lists: tuple[list[Any], ...] = (self._stale, self._parameters, self._optimisers)
        for kept in lists:
            kept[one], kept[other] = kept[other], kept[one]
        self._point(one)
        self._point(other)

    def _point(self, slot: int) -> None:
        """Makes the parameters kept for ``slot`` share the storage of that slot again."""
        for segment, half in zip(self._parameters[slot], self._halves(), strict=True):
            segment.data = self.theta[slot, half]
            segment.grad = self.grad[slot, half]

    def _optimiser(self, slot: int, weight_decay: float) -> torch.optim.AdamW:
        decayed, others = self._parameters[slot]
        groups: list[dict[str, Any]] = [
            {"params": [decayed], "weight_decay": weight_decay},
            {"params": [others], "weight_decay": 0.0},
        ]
        used = [group for group in groups if group["params"][0].numel()]
        # The learning rate is set before every step.
        optimiser = torch.optim.AdamW(used, lr=0.0, betas=BETAS, eps=EPSILON, fused=True)
        # AdamW makes its moments at the first step; made now, they show before training whether they fit.
        for parameter in (group["params"][0] for group in used):
            optimiser.state[parameter] = {
                "step": torch.zeros((), device=parameter.device),  # []
                "exp_avg": torch.zeros_like(parameter),  # [columns]
                "exp_avg_sq": torch.zeros_like(parameter),  # [columns]
            }
        return optimiser
