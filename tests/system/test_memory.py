from __future__ import annotations

import gc
from pathlib import Path

import psutil
import pytest

from adaptkit.system.memory import available_bytes, without_collection

MIB = 2**20


def group(folder: Path, names: tuple[str, str], limit: str, used: int, stat: str) -> None:
    for name, text in zip(names, (limit, str(used)), strict=True):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{text}\n")
    path.with_name("memory.stat").write_text(f"{stat}\n")


V2 = ("memory.max", "memory.current")
V1 = ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes")


def test_without_control_groups_it_is_the_machines_memory(tmp_path: Path) -> None:
    available = psutil.virtual_memory().available
    assert available_bytes(tmp_path) == pytest.approx(available, rel=0.2)


@pytest.mark.parametrize(
    ("names", "cached"), [(V2, "inactive_file"), (V1, "total_inactive_file")], ids=["version 2", "version 1"]
)
def test_a_containers_limit_counts_without_its_file_cache(
    tmp_path: Path, names: tuple[str, str], cached: str
) -> None:
    group(tmp_path, names, str(64 * MIB), 40 * MIB, f"anon {30 * MIB}\n{cached} {10 * MIB}")
    assert available_bytes(tmp_path) == 34 * MIB


def test_more_used_than_allowed_leaves_nothing(tmp_path: Path) -> None:
    group(tmp_path, V2, str(MIB), 2 * MIB, "inactive_file 0")
    assert available_bytes(tmp_path) == 0


@pytest.mark.parametrize("limit", ["max", str(2**63 - 4096)])
def test_a_group_without_a_limit_is_no_limit(tmp_path: Path, limit: str) -> None:
    group(tmp_path, V2, limit, 40 * MIB, "inactive_file 0")
    assert available_bytes(tmp_path) == pytest.approx(psutil.virtual_memory().available, rel=0.2)


def test_cycles_are_not_looked_for_within_the_block_only() -> None:
    assert gc.isenabled()
    with without_collection():
        assert not gc.isenabled()
    assert gc.isenabled()


def test_cycles_are_looked_for_again_after_an_error() -> None:
    with pytest.raises(ValueError, match="invalid literal"), without_collection():
        int("inside")
    assert gc.isenabled()


def test_a_collector_that_is_off_stays_off() -> None:
    gc.disable()
    try:
        with without_collection():
            assert not gc.isenabled()
        assert not gc.isenabled()
    finally:
        gc.enable()
