"""Which device and which precision a study runs on, and what it used there."""

from __future__ import annotations

import re
import resource
import sys

from adaptkit.errors import ConfigError


def resolve_device(device: str) -> str:
    """The device's name for torch: "auto" is the GPU where there is one.

    Raises:
        ConfigError: there is no such device here.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise ConfigError(
            f"device {device!r}", expected="auto, cpu, cuda or cuda:N", next_step="Change --device."
        )
    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise ConfigError(
            f"device {device!r}: torch {torch.__version__} sees {torch.cuda.device_count()} CUDA devices",
            next_step="Use --device cpu, or install a CUDA build of torch.",
        )
    return device


def resolve_precision(precision: str, device: str) -> str:
    """ "bf16" or "fp32": on a GPU that has bfloat16, "auto" is bf16."""
    import torch

    if precision != "auto":
        return precision
    return "bf16" if device.startswith("cuda") and torch.cuda.is_bf16_supported() else "fp32"


def device_name(device: str) -> str:
    """The device in words."""
    import torch

    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"cpu ({torch.get_num_threads()} threads)"


def peak_memory_bytes(device: str) -> int:
    """The most memory used so far: the GPU's, or the process's on the CPU."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
