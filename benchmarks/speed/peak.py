"""The device's peak arithmetic, as a large matrix product reaches it, and the device's name; prints JSON.

python -m benchmarks.speed.peak cuda bf16
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass

from benchmarks.speed.side import ROOT

WIDTH = {"cpu": 2048, "cuda": 8192}
REPEATS = 8


@dataclass(frozen=True, kw_only=True)
class Device:
    """What the search ran on."""

    name: str
    threads: int
    peak: float
    """Floating-point operations a second."""


def measured(device: str, precision: str) -> Device:
    """The device, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed.peak", device, precision]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return Device(**json.loads(done.stdout))


def measure_here(device: str, precision: str) -> Device:
    """The fastest of several products of square matrices, in the precision of the search."""
    import torch

    from adaptkit.system.devices import device_name

    width, dtype = WIDTH[device], torch.bfloat16 if precision == "bf16" else torch.float32
    left, right = (torch.randn(width, width, device=device, dtype=dtype) for _ in range(2))  # [width, width]
    times = []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        left @ right
        if device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - begun)
    return Device(name=device_name(device), threads=torch.get_num_threads(), peak=2 * width**3 / min(times))


if __name__ == "__main__":
    print(json.dumps(asdict(measure_here(*sys.argv[1:]))))
