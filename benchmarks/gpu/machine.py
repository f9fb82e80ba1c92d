"""What the device is, and its peak arithmetic in two precisions; one JSON object as the last line.

python -m benchmarks.gpu.machine cuda
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import torch

from benchmarks.speed.peak import measure_here
from benchmarks.speed.results import circumstances


def main(arguments: Sequence[str]) -> int:
    """Measures and prints."""
    (device,) = arguments
    found = {precision: measure_here(device, precision) for precision in ("bf16", "fp32")}
    memory = torch.cuda.get_device_properties(0).total_memory if device == "cuda" else None
    print(
        json.dumps(
            {
                **circumstances(),
                "device": found["bf16"].name,
                "device_memory": memory,
                "cuda": torch.version.cuda,
                "peak": {precision: round(one.peak / 1e12, 3) for precision, one in found.items()},
            }
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
