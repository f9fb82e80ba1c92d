from __future__ import annotations

import os
import subprocess
import sys

import pytest

from adaptkit.system import allocator

STEPS = """
import resource, sys
import torch
from adaptkit.system.allocator import keep_freed_memory

def faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        torch.ones(5 * 2**20)  # 20 MiB, written and freed
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

returned = faults(10)
assert keep_freed_memory()
faults(20)  # until the heap is large enough
print(returned, faults(10))
"""


@pytest.mark.skipif(not allocator._is_glibc(), reason="the allocator is not glibc's")
def test_memory_freed_by_a_step_is_reused_without_faults() -> None:
    """In a separate process, because the setting cannot be undone."""
    fixed = {**os.environ, "MALLOC_MMAP_THRESHOLD_": str(2**17)}  # otherwise glibc adapts the threshold
    command = [sys.executable, "-c", STEPS]
    done = subprocess.run(command, env=fixed, capture_output=True, text=True, check=True)
    returned, kept = map(int, done.stdout.split())
    assert returned > 100
    assert kept < returned / 10


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_allocators_are_not_changed(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not allocator.keep_freed_memory()


def test_linux_without_glibc_is_not_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr("os.confstr", unknown)
    assert not allocator.keep_freed_memory()


@pytest.mark.parametrize(("most", "asked"), [(64, [64]), (32, [64, 32]), (16, [64, 32])])
def test_older_allocators_are_asked_for_a_smaller_block(
    most: int, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    class Library:
        @staticmethod
        def mallopt(option: int, value: int) -> int:
            calls.append((option, value))
            return int(option == allocator.TRIM_THRESHOLD or value <= most * 2**20)

    monkeypatch.setattr(allocator, "_is_glibc", lambda: True)
    monkeypatch.setattr("ctypes.CDLL", lambda _: Library)
    assert allocator.keep_freed_memory() is (most >= 32)
    expected = [(allocator.MMAP_THRESHOLD, size * 2**20) for size in asked]
    assert calls == expected + ([(allocator.TRIM_THRESHOLD, 2**31 - 1)] if most >= 32 else [])
