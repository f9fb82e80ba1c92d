from __future__ import annotations

import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.cache import entries
from adaptkit.cache.entries import ABOUT, FEATURES, Cache, size_of
from adaptkit.errors import ConfigError, StudyError

ABOUT_IT = {"model": "tiny", "data": "letters.csv", "shape": [2, 5]}


def key(number: int) -> str:
    return hashlib.sha256(bytes([number])).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> Cache:
    return Cache(folder=tmp_path / "features", limit=10**6)


def put(cache: Cache, number: int, size: int = 1000, used: float = 0.0) -> None:
    """Adds an entry with so many bytes of features, last used so many seconds after 1970."""
    folder = cache.new_folder(key(number))
    (folder / FEATURES).write_bytes(bytes([number]) * size)
    cache.put(folder, key(number), ABOUT_IT)
    os.utime(cache.folder / key(number), (used, used))


def numbers(cache: Cache) -> list[int]:
    """The numbers of the entries, the most recently used one first."""
    known = {key(number): number for number in range(20)}
    return [known[entry.path.name] for entry in cache.entries()]


def test_an_entry_is_found_unchanged_and_marked_as_used(cache: Cache) -> None:
    put(cache, 1, used=50)
    put(cache, 2, used=90)
    assert numbers(cache) == [2, 1]
    before = time.time()
    entry = cache.find(key(1))
    assert entry is not None
    assert (entry.path / FEATURES).read_bytes() == bytes([1]) * 1000
    assert (entry.about, entry.shape) == (ABOUT_IT, [2, 5])
    assert entry.bytes == sum(file.stat().st_size for file in entry.path.iterdir())
    assert before - 1 <= entry.last_used <= time.time() + 1  # file systems round times
    assert numbers(cache) == [1, 2]
    assert cache.find(key(3)) is None


def flip(entry: Path) -> None:
    content = bytearray((entry / FEATURES).read_bytes())
    content[500] ^= 1
    (entry / FEATURES).write_bytes(content)


def truncate(entry: Path) -> None:
    os.truncate(entry / FEATURES, 999)


def lose_the_manifest(entry: Path) -> None:
    (entry / "manifest.json").unlink()


def lose_the_features(entry: Path) -> None:
    (entry / FEATURES).unlink()


def change_the_shape(entry: Path) -> None:
    (entry / ABOUT).write_text('{"shape": [5, 2]}')


@pytest.mark.parametrize("harm", [flip, truncate, lose_the_manifest, lose_the_features, change_the_shape])
def test_a_damaged_entry_is_not_found_and_not_kept(harm: Callable[[Path], None], cache: Cache) -> None:
    put(cache, 1)
    put(cache, 2)
    harm(cache.folder / key(1))
    assert cache.find(key(1)) is None
    assert numbers(cache) == [2]
    put(cache, 1)
    assert cache.find(key(1)) is not None


def test_an_entry_without_a_description_is_listed(cache: Cache) -> None:
    put(cache, 1)
    (cache.folder / key(1) / ABOUT).write_text("[1")
    (entry,) = cache.entries()
    assert (entry.about, entry.shape) == ({}, [])


def test_the_least_recently_used_entries_are_removed(cache: Cache) -> None:
    for number in range(1, 6):
        put(cache, number, size=100_000, used=number * 10)
    assert cache.make_room(400_000, set()) == ""
    assert numbers(cache) == [5, 4, 3, 2, 1]
    assert cache.make_room(600_000, set()) == ""
    assert numbers(cache) == [5, 4, 3]
    assert cache.make_room(700_000, {key(3)}) == ""
    assert numbers(cache) == [5, 3]


def test_features_that_never_fit_remove_no_entry(cache: Cache) -> None:
    for number in (1, 2):
        put(cache, number, size=400_000)
    assert "ADAPTKIT_CACHE_LIMIT" in cache.make_room(10**6 + 1, set())
    assert "ADAPTKIT_CACHE_LIMIT" in cache.make_room(700_000, {key(1)})
    assert len(numbers(cache)) == 2


def test_a_nearly_full_disk_is_not_used(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    put(cache, 1)
    monkeypatch.setattr(entries, "LEFT_FREE", shutil.disk_usage(cache.folder).total)
    assert cache.make_room(10, set()) == "the disk is nearly full"
    assert numbers(cache) == [1]


def test_the_number_of_entries_is_limited(cache: Cache, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries, "MOST_ENTRIES", 3)
    for number in range(1, 6):
        assert cache.make_room(1000, set()) == ""
        put(cache, number, used=number)
    assert numbers(cache) == [5, 4, 3]
    assert cache.make_room(1000, {key(3), key(4), key(5)})


def test_the_first_of_two_processes_with_one_key_wins(cache: Cache) -> None:
    first, second = cache.new_folder(key(1)), cache.new_folder(key(1))
    assert first != second
    for folder, content in ((first, b"first"), (second, b"second")):
        (folder / FEATURES).write_bytes(content)
    cache.put(first, key(1), ABOUT_IT)
    cache.put(second, key(1), ABOUT_IT)
    entry = cache.find(key(1))
    assert entry is not None
    assert (entry.path / FEATURES).read_bytes() == b"first"


def test_unfinished_entries_of_killed_processes_are_removed(cache: Cache) -> None:
    left, living = cache.new_folder(key(1)), cache.new_folder(key(2))
    for folder in (left, living):
        (folder / FEATURES).write_bytes(b"half")
    long_ago = time.time() - entries.ABANDONED_SECONDS - 60
    for path in (left / FEATURES, left, living):
        os.utime(path, (long_ago, long_ago))
    assert cache.entries() == []
    cache.new_folder(key(3))
    assert not left.exists()
    assert living.exists()  # its file is being written


def test_clearing_removes_every_entry_and_nothing_else(cache: Cache) -> None:
    for number in (1, 2):
        put(cache, number)
    (cache.folder / "thesis").mkdir()
    (cache.folder / "notes.txt").write_text("mine")
    assert len(cache.clear()) == 2
    assert sorted(path.name for path in cache.folder.iterdir()) == ["notes.txt", "thesis"]
    assert cache.clear() == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_an_entry_that_cannot_be_removed_is_an_error(cache: Cache) -> None:
    put(cache, 1)
    (cache.folder / key(1)).chmod(0o500)
    try:
        with pytest.raises(StudyError) as caught:
            cache.clear()
        assert caught.value.code == "cannot-write"
    finally:
        (cache.folder / key(1)).chmod(0o700)


def test_the_environment_sets_folder_and_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("ADAPTKIT_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert Cache.from_environment() == Cache(folder=tmp_path / ".cache/adaptkit/features", limit=4 * 2**30)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert Cache.from_environment().folder == tmp_path / "caches/adaptkit/features"
    monkeypatch.setenv("ADAPTKIT_CACHE", "~/mine")
    monkeypatch.setenv("ADAPTKIT_CACHE_LIMIT", "500M")
    assert Cache.from_environment() == Cache(folder=tmp_path / "mine/features", limit=500 * 2**20)


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("12345", 12345), ("2K", 2048), ("1.5 GB", 1610612736), ("4GiB", 2**32), ("1t", 2**40)],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert size_of(text) == size


@pytest.mark.parametrize("text", ["", "much", "-1", "4X", "4 G 2"])
def test_text_that_is_not_a_size_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="ADAPTKIT_CACHE_LIMIT") as caught:
        size_of(text)
    assert caught.value.code == "bad-size"
