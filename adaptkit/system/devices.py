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
    """ "bf16" or "fp32": "auto" is bf16 where the device multiplies bfloat16 by instructions of its own."""

    if precision != "auto":
        return precision
    has_bfloat16 = _gpu_has_bfloat16(device) if device.startswith("cuda") else _cpu_has_bfloat16()
    return "bf16" if has_bfloat16 else "fp32"


def _gpu_has_bfloat16(device: str) -> bool:
    """Whether this very GPU has instructions for it: older ones emulate it, and are slower with it."""
    import torch

    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    """True if torch knows this CPU to have AVX-512's or AMX's bfloat16; False if it cannot tell.

    A CPU without them has bfloat16 too, in software, and is slower with it.
    """
    import torch

    tell = getattr(torch.cpu, "get_capabilities", None)  # older versions of torch have none
    capabilities = tell() if tell else {}
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


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
