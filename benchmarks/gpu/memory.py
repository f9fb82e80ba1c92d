"""The memory that the engine plans for a training, and what the training then takes.

    python -m benchmarks.gpu.memory cuda minilm 2000 128

Planned: what lay on the device before, the slots, and the activations of one pass. On a GPU the other number
is the most memory of tensors while the trials are trained; on the CPU there is none. One JSON object as the
last line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from typing import Any

import torch

from adaptkit.engine.capacity import bytes_of_a_pass, plan_capacity
from benchmarks.gpu.trained import TRIALS, Size, prepared, train

STRATEGIES = ("frozen", "lora", "full")


def main(arguments: Sequence[str]) -> int:
    """Trains under every strategy, and prints both numbers."""
    device, model, rows, length = arguments
    size = Size(model=model, rows=int(rows), length=int(length))
    print(json.dumps({strategy: _memory(size, strategy, device) for strategy in STRATEGIES}))
    return 0


def _memory(size: Size, strategy: str, device: str) -> dict[str, Any]:
    training = prepared(size, strategy, device)
    before = torch.cuda.memory_allocated() if device == "cuda" else 0
    capacity = plan_capacity(training, wanted=TRIALS, parallel_trials=None)
    one_pass = bytes_of_a_pass(capacity.training, capacity.limits.examples_of(size.length, 1))
    planned = before + capacity.slots * capacity.bytes_a_slot + capacity.limits.slots * one_pass
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
    train(capacity.training, capacity.slots, capacity.limits)
    measured = torch.cuda.max_memory_allocated() if device == "cuda" else None
    return {
        "slots": capacity.slots,
        "in_one_pass": capacity.limits.slots,
        "planned": round(planned),
        "measured": measured,
        "ratio": round(measured / planned, 3) if measured else None,
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
