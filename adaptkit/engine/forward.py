"""The model's forward pass, for one slot plainly and for several slots at once.

One slot calls the model with `torch.func.functional_call`, or directly with its own parameters. Several slots
are one `torch.func.vmap` of the same call, so weights that they share are used once, and their own weights
become batched matrix products.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.func import functional_call, vmap

from adaptkit.engine.batch_limits import is_out_of_memory
from adaptkit.models.custom_head import HeadFailed
from adaptkit.task import Augment, Task
from adaptkit.tasks.calls import calling, part_failed, shown

MaskForm = Literal["tokens", "additive"]
"""The attention mask's form under vmap: as it is, ``[batch, tokens]``, or, for models that look at its
values, as the numbers ``[batch, 1, tokens, tokens]`` that are added to attention's scores."""

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Forward:
    """How a model is called."""

    task: Task
    module: nn.Module
    inputs: frozenset[str]
    """The batch's tensors that the model takes; the others are for the loss."""

    device: torch.device
    bfloat16: bool = False
    halved: frozenset[str] = frozenset()
    """The parameters that autocast converts to bfloat16; see `autocast_parameters`."""

    mask_form: MaskForm = "tokens"
    augment: Augment | None = None
    """What the task changes in a training batch; None if nothing."""

    def augmented(self, batch: dict[str, torch.Tensor], seeds: torch.Tensor) -> dict[str, torch.Tensor]:
        """The training batch (name → ``[slots, batch, ...]``) as the task changes it; features stay.

        Args:
            batch: what was collated.
            seeds: ``[slots, batch]``, a number for each example.
        """
        if self.augment is None or "input_ids" not in batch:
            return batch
        with calling(self.task, "augment", passing=is_out_of_memory):
            changed = dict(self.augment(batch, seeds))
        shapes = {name: getattr(one, "shape", None) for name, one in changed.items()}
        if shapes != {name: one.shape for name, one in batch.items()}:
            found = {name: shape and list(shape) for name, shape in shapes.items()}
            expected = {name: list(one.shape) for name, one in batch.items()}
            raise part_failed(self.task, "augment", f"it returned {found}", f"tensors as given: {expected}")
        return changed

    def leaves(self, parameters: Tensors) -> dict[str, torch.Tensor]:
        """The parameters (name → ``[slots, *shape]``) that a pass takes gradients of.

        Those that it would convert to bfloat16 are converted before it begins. Then their gradients are
        bfloat16, too, which saves one write in float32.
        """
        return {
            name: (tensor.to(torch.bfloat16) if name in self.halved else tensor.detach()).requires_grad_()
            for name, tensor in parameters.items()
        }

    def losses(
        self, parameters: Tensors, batch: Tensors, valid: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """The sums of the weighted losses and of the weights of each slot: two ``[slots]``.

        Args:
            parameters: name → ``[slots, *shape]``.
            batch: name → ``[slots, batch, ...]``.
            valid: ``[slots, batch]``, 0 where there is no example.
        """
        if valid.shape[0] == 1:
            loss, weight = self._loss(_first(parameters), _first(batch), valid[0])
            return loss.unsqueeze(0), weight.unsqueeze(0)
        together = vmap(self._loss, randomness="different")
        with _without_vmaps_warnings():
            losses, weights = together(parameters, batch, valid)
        return losses, weights

    def outputs(self, parameters: Tensors, batch: Tensors) -> dict[str, torch.Tensor]:
        """The model's outputs on one batch shared by all slots: name → ``[slots, batch, ...]``.

        Args:
            parameters: name → ``[slots, *shape]``. If empty, the module's own parameters are the only slot.
            batch: name → ``[batch, ...]``.
        """
        slots = len(next(iter(parameters.values()))) if parameters else 1
        if slots == 1:
            alone = self._outputs(_first(parameters), batch)
            return {name: output.unsqueeze(0) for name, output in alone.items()}
        together = vmap(self._outputs, in_dims=(0, None), randomness="different")
        with _without_vmaps_warnings():
            outputs: dict[str, torch.Tensor] = together(parameters, batch)
        return outputs

    def _outputs(self, parameters: Tensors, batch: Tensors) -> dict[str, torch.Tensor]:
        inputs = {name: _widened(tensor) for name, tensor in batch.items() if name in self.inputs}
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            try:
                outputs = self._called(parameters, self._masked(inputs))
            except HeadFailed as error:
                if is_out_of_memory(error):
                    raise
                raise part_failed(self.task, "head", str(error)) from error
        if not isinstance(outputs, Mapping) or any(outputs.get(name) is None for name in self.task.outputs):
            what = f"it returned {_named(outputs, self.task.outputs)}"
            raise part_failed(self.task, "head", what, " and ".join(self.task.outputs))
        return {name: outputs[name] for name in self.task.outputs}

    def _called(self, parameters: Tensors, inputs: Tensors) -> object:
        """The module's outputs. `functional_call` visits the whole module, which takes 1 ms."""
        if not parameters:
            return self.module(**inputs)
        return functional_call(self.module, dict(parameters), (), dict(inputs))

    def _loss(
        self, parameters: Tensors, batch: Tensors, valid: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        outputs = self._outputs(parameters, batch)
        with calling(self.task, "loss", passing=is_out_of_memory):
            losses, weights = self.task.loss(outputs, batch)  # [batch, ...] both
            weights = weights * valid.view(-1, *[1] * (weights.dim() - 1))  # [batch, ...]
        return (losses * weights).sum(), weights.sum()

    def _masked(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The inputs with their attention mask in the form that this model takes under vmap."""
        if self.mask_form == "tokens" or "attention_mask" not in inputs:
            return inputs
        mask = inputs["attention_mask"]  # [batch, tokens]
        lowest = torch.finfo(torch.float32).min
        added = (1.0 - mask.float())[:, None, None, :] * lowest  # [batch, 1, 1, tokens]
        return {**inputs, "attention_mask": added.expand(-1, 1, mask.shape[-1], -1)}


def _named(outputs: object, wanted: Sequence[str]) -> str:
    """What a head returned, for a message: the names of its outputs and of those that are missing."""
    if not isinstance(outputs, Mapping):
        return shown(outputs)
    names = [repr(name) for name, output in outputs.items() if output is not None]
    missing = [repr(name) for name in wanted if outputs.get(name) is None]
    return f"{', '.join(names) or 'nothing'}, but no {' and no '.join(missing)}"


def autocast_parameters(module: nn.Module, encoder: nn.Module) -> frozenset[str]:
    """The names of the module's trainable parameters that only its encoder's linear layers hold.

    Autocast converts those to bfloat16: see https://docs.pytorch.org/docs/stable/amp.html. A head stays as it
    is, because a plugin's head may leave autocast, and then needs its weights in float32.
    """
    linear = {id(p) for one in encoder.modules() for p in _own(one) if type(one) is nn.Linear}
    others = {id(p) for one in module.modules() for p in _own(one) if type(one) is not nn.Linear}
    return frozenset(
        name for name, p in module.named_parameters() if p.requires_grad and id(p) in linear - others
    )


@contextmanager
def _without_vmaps_warnings() -> Iterator[None]:
    """Ignores vmap's warnings about operations that it runs slot by slot: the speed is measured anyway."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There is a performance drop")
        yield


def _own(module: nn.Module) -> list[nn.Parameter]:
    """The module's own parameters, without those of its submodules."""
    return list(module.parameters(recurse=False))


def _first(tensors: Tensors) -> dict[str, torch.Tensor]:
    """The only slot. Squeezed, not indexed: the gradient of an index is a copy in a tensor of zeros."""
    return {name: tensor.squeeze(0) for name, tensor in tensors.items()}


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor in float32 if it is in half precision, as kept features are."""
    return tensor.float() if tensor.dtype == torch.float16 else tensor
