from __future__ import annotations

import subprocess
import sys

import pytest

from adaptkit.engine import allocator

STEPS = """
import resource, sys
import torch
from adaptkit.engine.allocator import keep_freed_memory

def faults(steps):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(steps):
        torch.ones(10 * 2**20)  # 40 MiB, written and freed
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

handed_back = faults(10)
assert keep_freed_memory()
faults(20)  # until the heap is large enough
print(handed_back, faults(10))
"""


@pytest.mark.skipif(not allocator._is_glibc(), reason="the allocator is not glibc's")
def test_what_a_step_frees_the_next_one_has_without_a_page_fault() -> None:
    """In a process of its own, as it cannot be undone."""
    done = subprocess.run([sys.executable, "-c", STEPS], capture_output=True, text=True, check=True)
    handed_back, kept = map(int, done.stdout.split())
    assert handed_back > 100
    assert kept < handed_back / 10


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_another_allocator_is_left_alone(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    assert not allocator.keep_freed_memory()


def test_linux_without_glibc_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(name: str) -> str:
        raise ValueError("unrecognized configuration name")

    monkeypatch.setattr("os.confstr", unknown)
    assert not allocator.keep_freed_memory()
