"""How much memory is available: the machine's, or its container's if that is less."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

CONTROL_GROUPS = (
    ("memory.max", "memory.current", "inactive_file"),  # version 2
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),  # version 1
)
"""Files of Linux's control groups: the limit, the use, and the name in ``memory.stat`` of the file cache,
which counts as use but is freed when memory is needed
(https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files)."""


def available_bytes(groups: Path = Path("/sys/fs/cgroup")) -> int:
    """The number of bytes that can be allocated now, without swapping.

    Args:
        groups: where Linux shows the control group of this process; missing on other systems.
    """
    left = (_left(groups / limit, groups / used, cached) for limit, used, cached in CONTROL_GROUPS)
    return min([int(psutil.virtual_memory().available), *(room for room in left if room is not None)])


def _left(limit: Path, used: Path, cached: str) -> int | None:
    """The bytes left under a control group's limit; None if there is no limit."""
    try:
        room = int(limit.read_text()) - int(used.read_text())
        statistics = _numbers((used.parent / "memory.stat").read_text())
    except (OSError, ValueError):  # no such group, or a limit of "max"
        return None
    return max(0, room + statistics.get(cached, 0))


def _numbers(text: str) -> Mapping[str, int]:
    """The numbers of a ``memory.stat`` file: a name and a number per line."""
    pairs = (line.split() for line in text.splitlines())
    return {name: int(number) for name, number in pairs}


@contextmanager
def without_collection() -> Iterator[None]:
    """Let Python look for no cycles of objects while the block makes many objects that have none.

    Looking through a million objects again and again takes longer than making them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
