"""The model's forward pass, for one slot plainly and for several slots at once.

One slot calls the unmodified model with `torch.func.functional_call`; several are one `torch.func.vmap`
of that same call over the slots, so that weights they share stay shared and weights of their own become
batched matrix products. Knows no optimiser and no data beyond a batch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.func import functional_call, vmap

from adaptkit.task import Task

MaskForm = Literal["tokens", "additive"]
"""How the attention mask is handed over under vmap: as it is, ``[batch, tokens]``, or, to models that
look at its values, as the ``[batch, 1, tokens, tokens]`` numbers that are added to attention's scores."""

Tensors = Mapping[str, torch.Tensor]


@dataclass(frozen=True, kw_only=True)
class Forward:
    """How a model is called."""

    task: Task
    module: nn.Module
    inputs: frozenset[str]
    """The batch's tensors that are the model's; the others are the loss's."""

    device: torch.device
    bfloat16: bool = False
    halved: frozenset[str] = frozenset()
    """The parameters that autocast makes bfloat16 wherever they are used; see `autocast_parameters`."""

    mask_form: MaskForm = "tokens"

    def leaves(self, parameters: Tensors) -> dict[str, torch.Tensor]:
        """The parameters (name → ``[slots, *shape]``) as a pass differentiates by them.

        Those that it would make bfloat16 anyway are so before it begins; then their gradients come as
        bfloat16, too, and are not written in float32 once more than they have to be.
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
            valid: ``[slots, batch]``, 0 for places that hold no example.
        """
        if valid.shape[0] == 1:
            loss, weight = self._loss(_first(parameters), _first(batch), valid[0])
            return loss.unsqueeze(0), weight.unsqueeze(0)
        losses, weights = vmap(self._loss, randomness="different")(parameters, batch, valid)
        return losses, weights

    def outputs(self, parameters: Tensors, batch: Tensors) -> dict[str, torch.Tensor]:
        """The model's outputs on one batch shared by all slots: name → ``[slots, batch, ...]``.

        Args:
            parameters: name → ``[slots, *shape]``; none at all is the module as it stands, as one slot.
            batch: name → ``[batch, ...]``.
        """
        slots = len(next(iter(parameters.values()))) if parameters else 1
        if slots == 1:
            plain = self._outputs(_first(parameters), batch)
            return {name: output.unsqueeze(0) for name, output in plain.items()}
        together = vmap(self._outputs, in_dims=(0, None), randomness="different")
        outputs: dict[str, torch.Tensor] = together(parameters, batch)
        return outputs

    def _outputs(self, parameters: Tensors, batch: Tensors) -> dict[str, torch.Tensor]:
        inputs = {name: _widened(tensor) for name, tensor in batch.items() if name in self.inputs}
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bfloat16):
            outputs = functional_call(self.module, dict(parameters), (), self._masked(inputs))
        return {name: outputs[name] for name in self.task.outputs}

    def _loss(
        self, parameters: Tensors, batch: Tensors, valid: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        losses, weights = self.task.loss(self._outputs(parameters, batch), batch)  # [batch, ...] both
        weights = weights * valid.view(-1, *[1] * (weights.dim() - 1))  # [batch, ...]
        return (losses * weights).sum(), weights.sum()

    def _masked(self, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        """The inputs with their attention mask in the form this model takes under vmap."""
        if self.mask_form == "tokens" or "attention_mask" not in inputs:
            return inputs
        mask = inputs["attention_mask"]  # [batch, tokens]
        lowest = torch.finfo(torch.float32).min
        added = (1.0 - mask.float())[:, None, None, :] * lowest  # [batch, 1, 1, tokens]
        return {**inputs, "attention_mask": added.expand(-1, 1, mask.shape[-1], -1)}


def autocast_parameters(module: nn.Module, encoder: nn.Module) -> frozenset[str]:
    """The names of the module's trainable parameters that only its encoder's linear layers hold.

    Autocast makes those bfloat16: see https://docs.pytorch.org/docs/stable/amp.html. A head, which may be
    anyone's, is left as it is: it may leave autocast, and then wants its weights in float32.
    """
    linear = {id(p) for one in encoder.modules() for p in _own(one) if type(one) is nn.Linear}
    others = {id(p) for one in module.modules() for p in _own(one) if type(one) is not nn.Linear}
    return frozenset(
        name for name, p in module.named_parameters() if p.requires_grad and id(p) in linear - others
    )


def _own(module: nn.Module) -> list[nn.Parameter]:
    """The parameters that the module holds itself."""
    return list(module.parameters(recurse=False))


def _first(tensors: Tensors) -> dict[str, torch.Tensor]:
    """The only slot. Squeezed, not indexed: the gradient of an index is a copy in a tensor of zeros."""
    return {name: tensor.squeeze(0) for name, tensor in tensors.items()}


def _widened(tensor: torch.Tensor) -> torch.Tensor:
    """Kept features come in half precision; heads compute in float32."""
    return tensor.float() if tensor.dtype == torch.float16 else tensor
