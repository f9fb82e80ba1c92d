"""The objective of a linear head on kept features, in the coordinates of standardised features.

Each feature has its own scale, but for pairs: there ``|u - v|`` and ``u * v`` vary less than u and v, and a
common scale penalises them more. On SNLI with 1,500 rows that is worth two points of accuracy.

It is minimised by SciPy's L-BFGS-B (Liu and Nocedal 1989, https://doi.org/10.1007/BF01589116). The
standardisation is part of the objective only: solutions are given for the features as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from adaptkit.data.encode import Bucket
from adaptkit.data.tensors import Tensors
from adaptkit.engine.training import Training
from adaptkit.engine.trial_stack import SMALLEST_WEIGHT, views
from adaptkit.models.pairs import PairHead
from adaptkit.models.pooled_head import pooled_head

MOST_ITERATIONS = 200
TOLERANCE = 1e-6
"""L-BFGS ends when the objective falls by less than this fraction in one iteration."""

SMALLEST_DEVIATION = 1e-6
"""A feature that varies less is constant, and is not scaled."""

FEATURES, MASK = "inputs_embeds", "attention_mask"

NOTHING: Mapping[int, NDArray[np.int64]] = {}


@dataclass(frozen=True)
class LinearHead:
    """The parameters of a linear layer, and the moments of the features that it reads."""

    weight: str
    bias: str
    mean: torch.Tensor
    """``[width]``: the mean of each feature over all tokens that are not padding."""

    scale: torch.Tensor
    """``[width]``: each feature's standard deviation, or a common one; 1 where a feature is constant."""


def linear_head(training: Training) -> LinearHead | None:
    """The head of the training, if one linear layer on kept features is all that trains; else None."""
    shapes = training.layout.shapes
    weights = [name for name, shape in shapes.items() if len(shape) == 2]
    biases = [name for name, shape in shapes.items() if len(shape) == 1]
    if len(shapes) != 2 or len(weights) != 1 or any(FEATURES not in one.tensors for one in training.buckets):
        return None
    layer = dict(training.forward.module.named_modules()).get(weights[0].rpartition(".")[0])
    if type(layer) is not torch.nn.Linear:
        return None
    mean, deviation = _moments(training.buckets, layer.in_features)
    scales = _common if isinstance(pooled_head(training.forward.module), PairHead) else _own
    return LinearHead(weights[0], biases[0], mean.float(), scales(deviation).float())


def _own(deviation: torch.Tensor) -> torch.Tensor:
    """The scales ``[width]``: each feature's standard deviation; 1 where the feature is constant."""
    return torch.where(deviation > SMALLEST_DEVIATION, deviation, 1.0)


def _common(deviation: torch.Tensor) -> torch.Tensor:
    """The scales ``[width]``: all the root of the mean variance; 1 if all features are constant."""
    return _own(deviation.square().mean().sqrt()).expand_as(deviation)


def _moments(buckets: Sequence[Bucket], width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The mean and the standard deviation of each feature: two ``[width]``."""
    total, squares, count = (torch.zeros(size, dtype=torch.float64) for size in (width, width, 1))
    for bucket in buckets:
        features = bucket.tensors[FEATURES].double().cpu()  # [examples, ..., tokens, width]
        kept = torch.ones(*features.shape[:-1], 1, dtype=torch.float64)  # [examples, ..., tokens, 1]
        if features.shape[-2] > 1:  # else they are pooled, and no padding is left
            kept = bucket.tensors[MASK].double().cpu().unsqueeze(-1)
        total += (features * kept).flatten(0, -2).sum(0)
        squares += (features.square() * kept).flatten(0, -2).sum(0)
        count += kept.sum()
    mean = total / count.clamp_min(1)  # [width]
    return mean, (squares / count.clamp_min(1) - mean.square()).clamp_min(0).sqrt()


class Objective:
    """The penalised mean loss of a training's head, on all examples or without some of them."""

    def __init__(
        self, training: Training, head: LinearHead, left_out: Mapping[int, NDArray[np.int64]] = NOTHING
    ) -> None:
        """``left_out``: the number of a fold or of a split → the positions of the examples left out."""
        self.training = training
        self.head = head
        self.width = training.layout.width
        self.left_out = left_out
        self.tokens = int(sum(bucket.sizes.sum() for bucket in training.buckets))
        """Of all rows, without padding."""

        self._buckets = [one.to(training.forward.device) for one in merged(training.buckets)]

    def minimum(
        self, l2: float, start: NDArray[np.float64], without: int
    ) -> tuple[NDArray[np.float64], float, int]:
        """The point ``[P]`` that minimises the objective, its value, and the iterations it took.

        Args:
            l2: the weight of the penalty.
            start: ``[P]``, where the search begins.
            without: the fold or split whose examples are left out; another number leaves out none.
        """
        from scipy.optimize import minimize

        self.training.forward.module.eval()  # without dropout
        result: Any = minimize(
            self._value_and_gradient, start, args=(l2, self._without(without)), jac=True, method="L-BFGS-B",
            options={"maxiter": MOST_ITERATIONS, "ftol": TOLERANCE, "gtol": 1e-7},
        )  # fmt: skip
        return result.x, float(result.fun), int(result.nit)

    def parameters(self, point: NDArray[np.float64]) -> torch.Tensor:
        """The head's parameters ``[P]`` for features as they are."""
        weight, bias = self._split(torch.from_numpy(point).float())
        plain = weight / self.head.scale  # [outputs, width]
        return self._joined(plain, bias - plain @ self.head.mean)

    def _value_and_gradient(
        self, point: NDArray[np.float64], l2: float, buckets: Sequence[Bucket]
    ) -> tuple[float, NDArray[np.float64]]:
        """The objective at ``point [P]``, and its gradient ``[P]``."""
        weight, _ = self._split(torch.from_numpy(point).float())  # [outputs, width]
        loss, gradient = self._mean_loss(self.parameters(point), buckets)
        by_weight, by_bias = self._split(gradient)
        by_weight = (by_weight - by_bias.unsqueeze(1) * self.head.mean) / self.head.scale + l2 * weight
        value = loss + 0.5 * l2 * float(weight.square().sum())
        return value, self._joined(by_weight, by_bias).double().numpy()

    def _mean_loss(self, parameters: torch.Tensor, buckets: Sequence[Bucket]) -> tuple[float, torch.Tensor]:
        """The mean loss per item of the buckets, and its gradient ``[P]`` by the parameters ``[P]``."""
        forward = self.training.forward
        leaf = parameters.to(forward.device).unsqueeze(0).requires_grad_()  # [1, P]
        gradient = torch.zeros_like(leaf)  # [1, P]
        total, items = 0.0, 0.0
        for bucket in buckets:
            batch = {name: tensor.unsqueeze(0) for name, tensor in bucket.tensors.items()}
            kept = torch.ones(1, len(bucket.positions), device=forward.device)  # [1, examples]
            losses, weights = forward.losses(views(self.training.layout, leaf), batch, kept)  # [1] both
            gradient += torch.autograd.grad(losses.sum(), leaf)[0]
            total, items = total + float(losses.detach()), items + float(weights)
        items = max(items, SMALLEST_WEIGHT)
        return total / items, gradient[0].cpu() / items

    def _without(self, number: int) -> Sequence[Bucket]:
        """The buckets without the examples of a fold or a split."""
        if number not in self.left_out:
            return self._buckets
        kept = ((one, self._kept(one, self.left_out[number])) for one in self._buckets)
        return [bucket.take(chosen) for bucket, chosen in kept if len(chosen)]

    def _kept(self, bucket: Bucket, left_out: NDArray[np.int64]) -> torch.Tensor:
        """The places ``[some]`` of the examples whose positions are not left out."""
        places = np.flatnonzero(~np.isin(bucket.positions, left_out))
        return torch.from_numpy(places).to(self.training.forward.device)

    def _split(self, flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """``[P]`` → the weight ``[outputs, width]`` and the bias ``[outputs]``."""
        parts = views(self.training.layout, flat.unsqueeze(0))  # name → [1, *shape]
        return parts[self.head.weight][0], parts[self.head.bias][0]

    def _joined(self, weight: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        columns = self.training.layout.columns
        flat = torch.empty(self.width)  # [P]
        flat[columns[self.head.weight]], flat[columns[self.head.bias]] = weight.reshape(-1), bias
        return flat


def merged(buckets: Sequence[Bucket]) -> Sequence[Bucket]:
    """One bucket of all examples where each has one pooled state; else the same buckets.

    The masks, which differ in length, are padded: a head on pooled states reads their first place only.
    """
    if not buckets or any(bucket.tensors[FEATURES].dim() != 3 or bucket.length != 1 for bucket in buckets):
        return [replace(bucket, tensors=Tensors(dict(bucket.tensors))) for bucket in buckets]
    longest = max(bucket.tensors[MASK].shape[-1] for bucket in buckets)
    padded = [
        {
            **bucket.tensors,
            FEATURES: bucket.tensors[FEATURES].float(),
            MASK: torch.nn.functional.pad(mask := bucket.tensors[MASK], (0, longest - mask.shape[-1])),
        }
        for bucket in buckets
    ]
    tensors = {name: torch.cat([part[name] for part in padded]) for name in padded[0]}  # [examples, ...]
    positions = [position for bucket in buckets for position in bucket.positions]
    sizes = np.concatenate([bucket.sizes for bucket in buckets])  # [examples]
    return [replace(buckets[0], positions=positions, sizes=sizes, tensors=Tensors(tensors))]
