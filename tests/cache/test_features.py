from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from adaptkit.cache.entries import FEATURES, Cache
from adaptkit.cache.features import FeaturesOnDisk
from adaptkit.engine.store import gathered

ABOUT = {"model": "tiny", "data": "letters.csv"}
SHAPE = (40, 6, 8)
SIZE = 40 * 6 * 8 * 2
KEY, OTHER = (hashlib.sha256(name).hexdigest() for name in (b"one", b"other"))
COMPLETE = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0)).half()


def parts() -> Iterator[torch.Tensor]:
    return iter(COMPLETE.split(9))


def never() -> Iterator[torch.Tensor]:
    yield pytest.fail("computed again")


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(folder=tmp_path / "features", limit=10**6)


def is_mapped(features: torch.Tensor) -> bool:
    """Whether the features are mapped from a file, according to the kernel's list of mappings."""
    start = features.data_ptr()
    for line in Path("/proc/self/maps").read_text().splitlines():
        low, high = (int(number, 16) for number in line.split()[0].split("-"))
        if low <= start < high:
            return FEATURES in line
    return False


@pytest.mark.parametrize("limit", [10**6, 0], ids=["kept", "not kept"])
def test_progress_is_reported_part_by_part(tmp_path: Path, limit: int) -> None:
    cache, seen = Cache(folder=tmp_path / "features", limit=limit), list[int]()
    FeaturesOnDisk(cache, ABOUT, on_progress=seen.append).keep(KEY, SHAPE, parts())
    assert seen == [9, 9, 9, 9, 4]
    FeaturesOnDisk(cache, ABOUT, on_progress=seen.append).find(KEY)
    assert seen[5:] == ([40] if limit else [])


@pytest.mark.parametrize("memory", [10**6, 0], ids=["in memory", "mapped"])
def test_features_are_the_same_in_memory_and_mapped(cache: Cache, memory: int) -> None:
    store = FeaturesOnDisk(cache, ABOUT, memory)
    assert store.find(KEY) is None
    kept = store.keep(KEY, SHAPE, parts())
    found = FeaturesOnDisk(cache, ABOUT, memory).find(KEY)
    assert found is not None
    places = torch.tensor([[3, 39], [0, 17]])
    for features in (kept, found):
        assert is_mapped(features) == (memory == 0)
        assert torch.equal(features, gathered(SHAPE, parts()))
        assert torch.equal(features[places], COMPLETE[places])
    assert store.note == ""
    assert [entry.shape for entry in cache.entries()] == [list(SHAPE)]


def test_memory_is_used_up_and_then_features_are_mapped(cache: Cache) -> None:
    store = FeaturesOnDisk(cache, ABOUT, SIZE + SIZE // 2)
    first, second = (store.keep(key, SHAPE, parts()) for key in (KEY, OTHER))
    assert (is_mapped(first), is_mapped(second)) == (False, True)
    assert torch.equal(first, second)


def test_changes_to_features_do_not_reach_the_file(cache: Cache) -> None:
    FeaturesOnDisk(cache, ABOUT, 0).keep(KEY, SHAPE, parts()).zero_()
    found = FeaturesOnDisk(cache, ABOUT, 0).find(KEY)
    assert found is not None
    assert torch.equal(found, COMPLETE)


def test_mapped_features_outlive_their_entry(cache: Cache) -> None:
    features = FeaturesOnDisk(cache, ABOUT, 0).keep(KEY, SHAPE, parts())
    assert len(cache.clear()) == 1
    assert torch.equal(features, COMPLETE)


def test_a_flipped_bit_is_detected(cache: Cache) -> None:
    FeaturesOnDisk(cache, ABOUT).keep(KEY, SHAPE, parts())
    file = cache.folder / KEY / FEATURES
    content = bytearray(file.read_bytes())
    content[777] ^= 4
    file.write_bytes(content)
    store = FeaturesOnDisk(cache, ABOUT)
    assert store.find(KEY) is None
    store.keep(KEY, SHAPE, parts())
    assert store.find(KEY) is not None


def test_entries_of_one_study_do_not_remove_each_other(cache: Cache) -> None:
    cache = Cache(folder=cache.folder, limit=SIZE + SIZE // 2)
    store = FeaturesOnDisk(cache, ABOUT)
    for key in (KEY, OTHER):
        assert torch.equal(store.keep(key, SHAPE, parts()), COMPLETE)
    assert [entry.path.name for entry in cache.entries()] == [KEY]
    assert "ADAPTKIT_CACHE_LIMIT" in store.note
    FeaturesOnDisk(cache, ABOUT).keep(OTHER, SHAPE, parts())  # another study's do
    assert [entry.path.name for entry in cache.entries()] == [OTHER]


@pytest.mark.parametrize("memory", [10**6, 0], ids=["in memory", "mapped"])
def test_a_limit_of_0_keeps_nothing_and_notes_nothing(tmp_path: Path, memory: int) -> None:
    store = FeaturesOnDisk(Cache(folder=tmp_path / "features", limit=0), ABOUT, memory)
    features = store.keep(KEY, SHAPE, parts())
    assert torch.equal(features, COMPLETE)
    assert is_mapped(features) == (memory == 0)
    assert store.find(KEY) is None
    assert store.note == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("memory", [10**6, 0], ids=["in memory", "mapped"])
def test_a_folder_that_cannot_be_made_is_not_an_error(tmp_path: Path, memory: int) -> None:
    (tmp_path / "file").write_text("no folder")
    store = FeaturesOnDisk(Cache(folder=tmp_path / "file" / "features", limit=10**6), ABOUT, memory)
    assert store.find(KEY) is None
    features = store.keep(KEY, SHAPE, parts())
    assert torch.equal(features, COMPLETE)
    assert is_mapped(features) == (memory == 0)
    assert "not kept for the next study" in store.note


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_can_be_read(cache: Cache) -> None:
    FeaturesOnDisk(cache, ABOUT).keep(KEY, SHAPE, parts())
    cache.folder.chmod(0o500)
    try:
        store = FeaturesOnDisk(cache, ABOUT)
        assert store.find(KEY) is not None
        assert torch.equal(store.keep(OTHER, SHAPE, parts()), COMPLETE)
        assert "not kept for the next study" in store.note
    finally:
        cache.folder.chmod(0o700)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
import torch
from adaptkit.cache.entries import Cache
from adaptkit.cache.features import FeaturesOnDisk

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (150_001, resource.RLIM_INFINITY))
complete = torch.randn(100, 1000, generator=torch.Generator().manual_seed(0)).half()
store = FeaturesOnDisk(Cache(folder=Path(sys.argv[1]), limit=10**9), {}, int(sys.argv[2]))
features = store.keep("0" * 64, complete.shape, iter(complete.split(7)))
assert torch.equal(features, complete)
assert list(Path(sys.argv[1]).iterdir()) == []
print(store.note)
"""


@pytest.mark.parametrize("memory", [10**6, 0], ids=["in memory", "mapped"])
def test_a_full_disk_affects_only_the_cache(tmp_path: Path, memory: int) -> None:
    """The kernel refuses to write beyond a limit, like a full disk."""
    answer = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path / "features"), str(memory)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    assert "not kept for the next study" in answer.stdout


def test_an_interrupted_encoding_leaves_no_files(cache: Cache) -> None:
    def ending() -> Iterator[torch.Tensor]:
        yield COMPLETE[:3]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        FeaturesOnDisk(cache, ABOUT).keep(KEY, SHAPE, ending())
    assert list(cache.folder.iterdir()) == []


TWO_AT_ONCE = """
import sys
from pathlib import Path
import torch
from adaptkit.cache.entries import Cache
from adaptkit.cache.features import FeaturesOnDisk

store = FeaturesOnDisk(Cache(folder=Path(sys.argv[1]), limit=60_000), {}, 0)
sys.stdin.readline()
for turn in range(30):
    for number in range(8):
        key, complete = f"{number:064x}", torch.full((10, 500), float(number)).half()
        features = store.find(key)
        if features is None:
            store._used.clear()
            features = store.keep(key, complete.shape, iter(complete.split(3)))
        assert torch.equal(features, complete), (turn, number)
"""


def test_processes_never_see_an_incomplete_entry(tmp_path: Path) -> None:
    """Each process finds, keeps and removes entries that the other is using."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TWO_AT_ONCE, str(tmp_path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]  # fmt: skip
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    output: list[Any] = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0, 0], output
    cache = Cache(folder=tmp_path, limit=60_000)
    assert sum(entry.bytes for entry in cache.entries()) <= 2 * 60_000
    assert all(cache.find(entry.path.name) for entry in cache.entries())
