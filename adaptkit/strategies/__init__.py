"""The strategies: which parameters of a model train. One explicit table, one small file each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from adaptkit.strategies import frozen, full, lora

if TYPE_CHECKING:
    from torch import nn

    from adaptkit.models.loading import LoadedModel

STRATEGIES: Mapping[str, Callable[[LoadedModel, int], nn.Module]] = {
    "frozen": frozen.adapt,
    "lora": lora.adapt,
    "full": full.adapt,
}
"""Name → ``(loaded model, LoRA rank) -> module``, with ``requires_grad`` set on exactly what trains."""
