"""The device and the precision that a study uses, and the memory that it took."""

from __future__ import annotations

import contextlib
import re
import resource
import sys
from pathlib import Path

from adaptkit.errors import ConfigError
from adaptkit.system.allocator import return_freed_memory


def resolve_device(device: str) -> str:
    """The device's name for torch; "auto" means the GPU if there is one.

    Raises:
        ConfigError: this machine has no such device.
    """
    import torch

    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if not re.fullmatch(r"cpu|cuda(:\d+)?", device):
        raise ConfigError(
            f"device {device!r} is unknown",
            expected="auto, cpu, cuda or cuda:N",
            next_step="Change --device.",
            code="unknown-device",
        )
    if device.startswith("cuda") and int(device.partition(":")[2] or 0) >= torch.cuda.device_count():
        raise _missing_gpu(device)
    return device


def _missing_gpu(device: str) -> ConfigError:
    import torch

    count = torch.cuda.device_count()
    found = f"finds {count} CUDA device{'' if count == 1 else 's'}"
    return ConfigError(
        f"device {device!r} does not exist: torch {torch.__version__} {found}",
        expected=f"cpu, or cuda:N with N below {count}" if count else "cpu",
        next_step="Change --device." if count else "Use --device cpu, or install a CUDA build of torch.",
        code="missing-device",
    )


def resolve_precision(precision: str, device: str) -> str:
    """ "bf16" or "fp32"; "auto" means bf16 if the device has instructions for bfloat16."""
    if precision != "auto":
        return precision
    has_bfloat16 = _gpu_has_bfloat16(device) if device.startswith("cuda") else _cpu_has_bfloat16()
    return "bf16" if has_bfloat16 else "fp32"


def _gpu_has_bfloat16(device: str) -> bool:
    """Whether this GPU has bfloat16 instructions. Older GPUs emulate it and are slower with it."""
    import torch

    with torch.cuda.device(device):
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    """Whether torch reports bfloat16 instructions (AVX-512 or AMX) for this CPU; False if it cannot say.

    A CPU without them runs bfloat16 in software, more slowly than float32.
    """
    import torch

    get_capabilities = getattr(torch.cpu, "get_capabilities", None)  # missing in older versions of torch
    capabilities = get_capabilities() if get_capabilities else {}
    return any(capabilities.get(name, False) for name in ("avx512_bf16", "amx_bf16"))


def device_name(device: str) -> str:
    """A description of the device for people."""
    import torch

    if device.startswith("cuda"):
        return f"{device} ({torch.cuda.get_device_name(device)})"
    threads = torch.get_num_threads()
    return f"cpu ({threads} thread{'' if threads == 1 else 's'})"


def peak_memory_bytes(device: str) -> int:
    """The most memory used so far: GPU memory on a GPU, the process's memory on the CPU."""
    import torch

    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated(device)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def restart_peak_memory() -> int:
    """Let the process's peak memory start from what it uses now, and return that many bytes.

    Only Linux can do this (https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html). On other
    systems the result is the peak so far.
    """
    return_freed_memory()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return peak_since_restart()


def peak_since_restart() -> int:
    """The most bytes of memory that the process used since `restart_peak_memory`."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:  # not Linux
        return peak_memory_bytes("cpu")
    found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else peak_memory_bytes("cpu")
