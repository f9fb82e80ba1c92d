"""Keeps freed memory in the process instead of returning it to the kernel (glibc on Linux only).

Each training step allocates the memory that the previous step freed. If the allocator returns it to the
kernel in between, the kernel fills every page with zeros again: thousands of page faults per step.
"""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Options of mallopt: how many free bytes at the end of the heap cause memory to be returned; and the size
from which on a block is allocated outside the heap, and returned when it is freed
(https://man7.org/linux/man-pages/man3/mallopt.3.html)."""

BLOCKS = (64 * 2**20, 32 * 2**20)
"""Sizes in bytes of the largest block that is kept; older versions of glibc accept only the second. Most
tensors of a step are smaller. The few large matrices of a population would leave gaps in the heap."""


def keep_freed_memory() -> bool:
    """Make the process keep the freed blocks of a training step until it ends.

    Returns whether the setting was made. Allocators other than glibc's are left unchanged.
    """
    if not _is_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    taken = any(mallopt(MMAP_THRESHOLD, size) == 1 for size in BLOCKS)
    return taken and mallopt(TRIM_THRESHOLD, 2**31 - 1) == 1


def return_freed_memory() -> None:
    """Return the freed blocks that the process keeps to the kernel."""
    if _is_glibc():
        ctypes.CDLL(None).malloc_trim(0)


def _is_glibc() -> bool:
    try:
        return sys.platform == "linux" and (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (ValueError, OSError):  # no such name: musl
        return False
