"""peft's linear layers with low-rank updates, computed in few and large products for all trials together.

For every layer, peft's forward pass makes a separate product, a scaling and a sum as large as the layer's
output, and the same backward. Here the product that computes the update also adds it, and the frozen weight,
which all trials share, is multiplied once by the tokens of all of them. Does not depend on model or task.

LoRA: y = W x + b + s B A x (Hu et al. 2021, https://arxiv.org/abs/2106.09685, section 4.1).
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
from torch import nn
from torch.nn.functional import linear

Optional = torch.Tensor | None


class _Updated(torch.autograd.Function):
    """``x W^T + b + s (x A^T) B^T`` for slots that share W and b, and have an A and a B each."""

    @staticmethod
    def forward(
        ctx: Any,
        x: torch.Tensor,
        a: torch.Tensor,
        b: torch.Tensor,
        weight: torch.Tensor,
        bias: Optional,
        s: float,
    ) -> torch.Tensor:
        """``x [slots or 1, tokens, in]``, ``a [slots, rank, in]``, ``b [slots, out, rank]``.

        Gives ``[slots, tokens, out]``.
        """
        slots = a.shape[0]
        low = _products(x.expand(slots, -1, -1), a.transpose(1, 2))  # [slots, tokens, rank]
        output = linear(x, weight, bias)  # [slots or 1, tokens, out]
        if len(output) == slots:
            _add_products(output, low, b.transpose(1, 2), s)
        else:
            output = torch.baddbmm(output.expand(slots, -1, -1), low, b.transpose(1, 2), alpha=s)
        ctx.save_for_backward(x, a, b, weight, low)
        ctx.s = s
        return output

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[Any, ...]:
        """``gradient [slots, tokens, out]`` → those of ``x``, ``a`` and ``b``. The frozen weight has none."""
        x, a, b, weight, low = ctx.saved_tensors
        slots = a.shape[0]
        of_b = _products(gradient.transpose(1, 2), low) * ctx.s  # [slots, out, rank]
        of_low = _products(gradient, b) * ctx.s  # [slots, tokens, rank]
        of_a = _products(of_low.transpose(1, 2), x.expand(slots, -1, -1))  # [slots, rank, in]
        of_x = None
        if ctx.needs_input_grad[0]:
            of_x = torch.matmul(gradient, weight)  # [slots, tokens, in]
            _add_products(of_x, of_low, a, 1.0)
            of_x = of_x if len(x) == slots else of_x.sum(0, keepdim=True)
        return of_x, of_a, of_b, None, None, None


def _products(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """``[slots, m, k]`` and ``[slots, k, n]`` → ``[slots, m, n]``. For one slot a plain product is faster."""
    if len(one) == 1:
        return torch.mm(one[0], other[0]).unsqueeze(0)
    return torch.bmm(one, other)


def _add_products(to: torch.Tensor, one: torch.Tensor, other: torch.Tensor, scale: float) -> None:
    """Adds ``scale`` times the products ``[slots, m, n]`` to ``to``, in place."""
    if len(to) == 1:
        to[0].addmm_(one[0], other[0], alpha=scale)
    else:
        to.baddbmm_(one, other, alpha=scale)


class _OverSlots(torch.autograd.Function):
    """The same under vmap. It is called on batched tensors only, so the vmap rule always runs."""

    @staticmethod
    def forward(
        x: torch.Tensor, a: torch.Tensor, b: torch.Tensor, weight: torch.Tensor, bias: Optional, s: float
    ) -> torch.Tensor:
        """``x [tokens, in]``, ``a [rank, in]``, ``b [out, rank]``, of one slot."""
        return _Updated.apply(x[None], a[None], b[None], weight, bias, s)[0]  # type: ignore[no-untyped-call,no-any-return]

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        raise NotImplementedError("the update runs by its vmap rule; autograd does not record this function")

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        x: torch.Tensor,
        a: torch.Tensor,
        b: torch.Tensor,
        weight: torch.Tensor,
        bias: Optional,
        s: float,
    ) -> tuple[torch.Tensor, int]:
        x, a, b = (
            tensor[None] if dim is None else tensor.movedim(dim, 0)
            for tensor, dim in zip((x, a, b), in_dims, strict=False)
        )  # [slots or 1, ...]
        a, b = (tensor.expand(info.batch_size, -1, -1) for tensor in (a, b))
        return _Updated.apply(x, a, b, weight, bias, s), 0  # type: ignore[no-untyped-call]


def _forward(layer: Any, x: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    """The layer's output ``[..., out]`` for ``x [..., in]``, under autocast in its precision."""
    (name,) = layer.active_adapters
    base = layer.base_layer
    tensors = [x.flatten(0, -2), layer.lora_A[name].weight, layer.lora_B[name].weight, base.weight, base.bias]
    autocast = torch.is_autocast_enabled(x.device.type)
    dtype = torch.get_autocast_dtype(x.device.type) if autocast else x.dtype
    tensors = [None if tensor is None else tensor.to(dtype) for tensor in tensors]
    batched = any(torch._C._functorch.is_batchedtensor(tensor) for tensor in tensors[:3])
    with torch.autocast(x.device.type, enabled=False):
        if batched:
            output = _OverSlots.apply(*tensors, layer.scaling[name])  # type: ignore[no-untyped-call]
        else:
            flat, a, b, weight, bias = tensors
            output = _Updated.apply(flat[None], a[None], b[None], weight, bias, layer.scaling[name])[0]  # type: ignore[no-untyped-call]
    return output.unflatten(0, x.shape[:-1])  # type: ignore[no-any-return]


def use_updates(module: nn.Module, *, bfloat16: bool) -> bool:
    """Replaces the forward pass of the module's plain LoRA layers; other layers keep peft's.

    With ``bfloat16`` their frozen weights become bfloat16: autocast would convert them in every pass.

    Returns:
        Whether there was such a layer.
    """
    if not hasattr(module, "peft_config"):  # not wrapped by peft, which takes long to import
        return False
    from peft.tuners.lora import Linear

    found: list[Any] = [one for one in module.modules() if type(one) is Linear and _is_plain(one)]
    for layer in found:
        layer.forward = MethodType(_forward, layer)
        if bfloat16:
            layer.base_layer.to(torch.bfloat16)
    return bool(found)


def _is_plain(layer: Any) -> bool:
    """Whether the layer has W, b, A and B and nothing else, such as dropout, a bias or a variant."""
    names = layer.active_adapters
    return (
        len(names) == 1
        and type(layer.base_layer) is nn.Linear
        and not layer.base_layer.weight.requires_grad
        and (layer.base_layer.bias is None or not layer.base_layer.bias.requires_grad)
        and not layer.merged
        and not layer.disable_adapters
        and not layer.lora_variant
        and isinstance(layer.lora_dropout[names[0]], nn.Identity)
        and layer.lora_A[names[0]].bias is None
        and layer.lora_B[names[0]].bias is None
    )
