"""Keeps freed memory in the process, where Linux's usual allocator, glibc's, would hand it back.

A training step frees what the next one asks for again. Handed back in between, it comes anew from the kernel,
which fills each page with zeros: thousands of page faults a step. Knows no tensors.
"""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Options: the free bytes at the heap's end before some are handed back, and those of a block before it lies
outside of the heap, to be handed back when it is freed (https://man7.org/linux/man-pages/man3/mallopt.3.html)."""

BLOCKS = (64 * 2**20, 32 * 2**20)
"""Bytes of the largest block that is kept; older versions take no more than the second. Most tensors of a
step are smaller; the few large matrices of a population would leave gaps."""


def keep_freed_memory() -> bool:
    """From here on the process keeps what it has held in blocks of a step's size, until it ends.

    Returns whether the allocator was asked to: there is another one elsewhere, and it is left alone.
    """
    if not _is_glibc():
        return False
    mallopt = ctypes.CDLL(None).mallopt
    taken = any(mallopt(MMAP_THRESHOLD, size) == 1 for size in BLOCKS)
    return taken and mallopt(TRIM_THRESHOLD, 2**31 - 1) == 1


def _is_glibc() -> bool:
    try:
        return sys.platform == "linux" and (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc")
    except (ValueError, OSError):  # no such name: musl
        return False
