"""Whether a training that runs out of GPU memory goes on in smaller passes, to the same result.

    python -m benchmarks.gpu.retreat cuda minilm 512 128

The trials are trained twice: with as much memory as there is, and with a limit below what the first passes
took, by torch's own limit for the process. The losses must agree: dropout is off, so the cut of a batch into
passes changes rounding alone. One JSON object as the last line.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import torch

from adaptkit.engine.batch_limits import BatchLimits
from adaptkit.engine.vmap_check import vmap_check
from benchmarks.gpu.trained import BATCH_SIZE, TRIALS, Size, prepared, train

CLOSE = 0.02
"""The most that the losses of bf16 passes of other sizes may differ by."""


def main(arguments: Sequence[str]) -> int:
    """Trains with and without the limit; 1 if memory did not run out, or the losses differ."""
    device, model, rows, length = arguments
    if device != "cuda":
        print(json.dumps({"skipped": "there is no limit of device memory on the CPU"}))
        return 0
    training = prepared(Size(model=model, rows=int(rows), length=int(length)), "full", device)
    for module in training.forward.module.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    training = vmap_check(training).training or training
    total = torch.cuda.get_device_properties(0).total_memory
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    free = BatchLimits(slots=TRIALS, examples=BATCH_SIZE)
    expected = [report.loss for report in train(training, TRIALS, free)]
    peak = torch.cuda.max_memory_allocated()
    torch.cuda.empty_cache()
    slots = TRIALS * 4 * 4 * training.layout.width  # parameters, gradients and both moments
    limit = before + slots + (peak - before - slots) // 2
    torch.cuda.set_per_process_memory_fraction(limit / total)
    tight = BatchLimits(slots=TRIALS, examples=BATCH_SIZE)
    losses = [report.loss for report in train(training, TRIALS, tight)]
    furthest = max(abs(one - other) for one, other in zip(losses, expected, strict=True))
    found = {
        "limit": limit,
        "peak_without": peak,
        "times_shrunk": tight.times_shrunk,
        "slots_in_a_pass": tight.slots,
        "examples_in_a_pass": tight.examples,
        "largest_difference": furthest,
    }
    print(json.dumps(found))
    return 0 if tight.times_shrunk and furthest <= CLOSE else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
