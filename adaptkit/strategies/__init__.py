"""The strategies: which parameters of a model are trained. Each is a function in a module of its own.

In reading order:

- `frozen`: the head only
- `lora`: low-rank updates beside the frozen weights, and the head
- `full`: every parameter
"""

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
