"""A population's state: one trial is one row of a matrix.

All trainable parameters of a trial, flattened, are a row of ``theta [K, P]``; its gradients are the
same row of ``grad [K, P]``. Parameters of the model are views into these. The columns of parameters
that take weight decay come first, the others after them, so a row is two flat tensors to torch's
AdamW, which each row has for itself: its own learning rate, decay, moments and step count.

Knows no data, no loss and no model's forward pass.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from adaptkit.engine.types import Trial

BYTES_PER_PARAMETER = 5 * 4
"""Per trial: the parameter, its gradient, two moments, and the best rung's copy, in float32."""

LARGEST_GRADIENT_NORM = 1.0
BETAS = (0.9, 0.999)
EPSILON = 1e-8
SMALLEST_WEIGHT = 1e-12
"""A batch without any item has a zero gradient; this keeps it from being 0 / 0."""


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where each trainable parameter lies in a row."""

    shapes: Mapping[str, torch.Size]
    """In the order of the columns, which they fill without a gap."""

    columns: Mapping[str, slice]
    decayed: int
    """The columns below this take weight decay."""

    width: int
    """P: the trainable parameters of one trial."""


def layout_of(module: nn.Module) -> Layout:
    """The layout of the module's trainable parameters: decayed ones first.

    Matrices take weight decay, vectors (biases and normalisation) do not, as in BERT's own recipe.
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


def read_row(module: nn.Module, layout: Layout) -> torch.Tensor:
    """The module's trainable parameters as one row ``[P]``."""
    parameters = dict(module.named_parameters())
    return torch.cat([parameters[name].detach().reshape(-1).float() for name in layout.shapes])  # [P]


def write_row(module: nn.Module, layout: Layout, row: torch.Tensor) -> None:
    """Writes a row ``[P]`` into the module's parameters."""
    parameters = dict(module.named_parameters())
    with torch.no_grad():
        for name, shape in layout.shapes.items():
            parameters[name].copy_(row[layout.columns[name]].view(shape))


def views(layout: Layout, rows: torch.Tensor) -> dict[str, torch.Tensor]:
    """Rows ``[rows, P]`` as the parameters they hold, without copying: name → ``[rows, *shape]``."""
    parts = rows.split([shape.numel() for shape in layout.shapes.values()], dim=1)  # [rows, columns] each
    return {
        name: part.view(len(rows), *shape)
        for (name, shape), part in zip(layout.shapes.items(), parts, strict=True)
    }


class Rows:
    """The matrix of a population and the optimisers of its rows.

    Rows ``0 .. living - 1`` are in use; ending a trial moves the last of them into its place.
    """

    def __init__(self, layout: Layout, capacity: int, device: torch.device) -> None:
        """Raises torch.OutOfMemoryError or RuntimeError if ``capacity`` rows do not fit."""
        self.layout = layout
        self.capacity = capacity
        self.living = 0
        self.theta = torch.zeros(capacity, layout.width, device=device)  # [K, P]
        self.grad = torch.zeros(capacity, layout.width, device=device)  # [K, P]
        self.weight = torch.zeros(capacity, device=device)  # [K], of the items accumulated in grad
        self._fresh = [True] * capacity
        """Whether a row's gradients are those of an earlier step: the next ones are written, not added."""

        self._parameters = [self._segments(row) for row in range(capacity)]
        self._optimisers: list[torch.optim.AdamW] = [self._optimiser(row, 0.0) for row in range(capacity)]

    def add(self, initial: torch.Tensor, trial: Trial) -> int:
        """Starts a trial in a free row from ``initial [P]``; returns the row."""
        row = self.living
        self.theta[row].copy_(initial)
        self._clear(row)
        self._optimisers[row] = self._optimiser(row, trial.weight_decay)
        self.living += 1
        return row

    def remove(self, row: int) -> None:
        """Frees a row; the last living row moves into it."""
        last = self.living - 1
        if row != last:
            self.theta[row].copy_(self.theta[last])
            self.grad[row].copy_(self.grad[last])
            self._exchange(row, last)
        self.living = last

    def arrange(self, order: Sequence[int]) -> None:
        """Puts row ``order[i]`` into place ``i``, for all living rows."""
        for place, source in enumerate(order):
            while source < place:  # it has been moved, to where its place's row was taken from
                source = order[source]
            if source != place:
                for matrix in (self.theta, self.grad):
                    row = matrix[place].clone()  # [P]
                    matrix[place].copy_(matrix[source])
                    matrix[source].copy_(row)
                self._exchange(place, source)

    def parameters(self, start: int, stop: int) -> dict[str, torch.Tensor]:
        """Views of theta's rows ``start`` to ``stop``: name → ``[stop - start, *shape]``."""
        return views(self.layout, self.theta.detach()[start:stop])

    def accumulate(
        self, start: int, stop: int, gradients: Mapping[str, torch.Tensor | None], weights: torch.Tensor
    ) -> None:
        """Adds gradients ``[stop - start, *shape]`` of summed losses, and their weights ``[stop - start]``.

        A gradient that is None is zero.
        """
        fresh = self._fresh[start:stop]
        if any(fresh) and not all(fresh):
            for row in range(start, stop):
                if self._fresh[row]:
                    self.grad[row].zero_()
        for name, gradient in gradients.items():
            part = self.grad[start:stop, self.layout.columns[name]]  # [rows, columns]
            if not all(fresh):
                if gradient is not None:
                    part += gradient.reshape(stop - start, -1)
            elif gradient is None:
                part.zero_()
            else:
                part.copy_(gradient.reshape(stop - start, -1))
        self._fresh[start:stop] = [False] * (stop - start)
        self.weight[start:stop] += weights

    def step(self, row: int, learning_rate: float) -> None:
        """One AdamW step of one row, on the mean gradient of all that was accumulated.

        The gradient's norm is clipped at 1 (Pascanu et al. 2013, https://arxiv.org/abs/1211.5063). The
        division by weight and norm is left to AdamW, which reads the gradients anyway.
        """
        if self._fresh[row]:
            self.grad[row].zero_()  # nothing was accumulated: AdamW still decays and moves on
        weight = self.weight[row].clamp_min(SMALLEST_WEIGHT)  # []
        norm = self.grad[row].norm() / weight  # []
        optimiser: Any = self._optimisers[row]
        for group in optimiser.param_groups:
            group["lr"] = learning_rate
        optimiser.grad_scale = weight * ((norm + 1e-6) / LARGEST_GRADIENT_NORM).clamp_min(1.0)  # []
        optimiser.step()
        self._clear(row)

    def finite(self) -> torch.Tensor:
        """Whether all parameters of each living row are finite: ``[living]`` booleans."""
        return self.theta[: self.living].isfinite().all(dim=1)

    def _segments(self, row: int) -> list[nn.Parameter]:
        segments = [nn.Parameter(self.theta[row, half]) for half in self._halves()]
        for segment, half in zip(segments, self._halves(), strict=True):
            segment.grad = self.grad[row, half]
        return segments

    def _halves(self) -> tuple[slice, slice]:
        """The columns that are decayed, and the others."""
        return slice(0, self.layout.decayed), slice(self.layout.decayed, self.layout.width)

    def _clear(self, row: int) -> None:
        self._fresh[row] = True
        self.weight[row] = 0.0

    def _exchange(self, one: int, other: int) -> None:
        """Exchanges all that two rows have beside their two matrices."""
        pair, turned = [one, other], [other, one]
        self.weight[pair] = self.weight[turned]
        lists: tuple[list[Any], ...] = (self._fresh, self._parameters, self._optimisers)
        for kept in lists:
            kept[one], kept[other] = kept[other], kept[one]
        self._point(one)
        self._point(other)

    def _point(self, row: int) -> None:
        """Makes the parameters kept for ``row`` share the storage of that row again."""
        for segment, half in zip(self._parameters[row], self._halves(), strict=True):
            segment.data = self.theta[row, half]
            segment.grad = self.grad[row, half]

    def _optimiser(self, row: int, weight_decay: float) -> torch.optim.AdamW:
        decayed, others = self._parameters[row]
        groups: list[dict[str, Any]] = [
            {"params": [decayed], "weight_decay": weight_decay},
            {"params": [others], "weight_decay": 0.0},
        ]
        used = [group for group in groups if group["params"][0].numel()]
        # The learning rate is set before every step.
        optimiser = torch.optim.AdamW(used, lr=0.0, betas=BETAS, eps=EPSILON, fused=True)
        # AdamW makes its moments at the first step; made now, what does not fit is known before training.
        for parameter in (group["params"][0] for group in used):
            optimiser.state[parameter] = {
                "step": torch.zeros((), device=parameter.device),  # []
                "exp_avg": torch.zeros_like(parameter),  # [columns]
                "exp_avg_sq": torch.zeros_like(parameter),  # [columns]
            }
        return optimiser
