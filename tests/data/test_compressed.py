from __future__ import annotations

import bz2
import gzip
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.data.compressed import first_bytes, plain_path
from adaptkit.data.rows import RawRow
from adaptkit.data.sources import splits_of
from adaptkit.errors import DataError
from adaptkit.task import Task

ReadFile = Callable[..., list[RawRow]]

TABLE = b"text,label\nx,a\ny,b\n"
WAYS = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}


@pytest.mark.parametrize("suffix", WAYS)
@pytest.mark.parametrize("name", ["train.csv", "train.csv{}", "TRAIN.CSV{}"])
def test_a_compressed_file_is_read(tmp_path: Path, read_file: ReadFile, suffix: str, name: str) -> None:
    """Also under a name that does not say that it is compressed."""
    path = tmp_path / name.format(suffix)
    path.write_bytes(WAYS[suffix](TABLE))
    assert read_file(path) == [
        RawRow(f"{path}:2", {"text": "x", "label": "a"}),
        RawRow(f"{path}:3", {"text": "y", "label": "b"}),
    ]


@pytest.mark.parametrize(
    "text",
    ['{"text": "x", "label": "a"}\n', '[{"text": "x", "label": "a"}]', '{\n"text": "x", "label": "a"}'],
)
def test_compressed_json_of_any_name(tmp_path: Path, read_file: ReadFile, text: str) -> None:
    path = tmp_path / "rows.gz"
    path.write_bytes(gzip.compress(text.encode()))
    (row,) = read_file(path)
    assert row.values == {"text": "x", "label": "a"}


def test_a_file_with_the_suffix_that_is_not_compressed(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "train.csv.gz").write_bytes(TABLE)
    assert len(read_file(tmp_path / "train.csv.gz")) == 2


@pytest.mark.parametrize("suffix", WAYS)
def test_a_truncated_file_is_refused(tmp_path: Path, read_file: ReadFile, suffix: str) -> None:
    path = tmp_path / f"train.csv{suffix}"
    rows = "".join(f"text {number * number},{number}\n" for number in range(3000))
    path.write_bytes(WAYS[suffix](b"text,label\n" + rows.encode())[:-20])
    with pytest.raises(DataError, match=r"train\.csv.*: the compressed file is damaged") as caught:
        read_file(path)
    assert caught.value.code == "unreadable-file"


@pytest.mark.parametrize(
    ("start", "what"),
    [
        (b"\x28\xb5\x2f\xfd", "Zstandard"),
        (b"%PDF-1.7", "a PDF document"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:", "a pointer of Git LFS"),
        (b"<!DOCTYPE html><html><body>Sign in", "a web page"),
        (b"<html lang='en'>", "a web page"),
        (b"\xd0\xcf\x11\xe0", r"Excel file of the old format \.xls"),
        (b"PK\x03\x04", "a ZIP archive"),
        (b"SQLite format 3\x00", "an SQLite database"),
        (b"\x80\x04\x95", "a Python pickle"),
    ],
)
def test_another_kind_of_file_is_named(tmp_path: Path, read_file: ReadFile, start: bytes, what: str) -> None:
    (tmp_path / "train.csv").write_bytes(start + bytes(40))
    with pytest.raises(DataError, match=what) as caught:
        read_file(tmp_path / "train.csv")
    assert caught.value.code == "not-rows"


def test_a_folder_of_compressed_splits(tmp_path: Path, make_task: Callable[..., Task]) -> None:
    for name in ("train", "dev"):
        (tmp_path / f"{name}.csv.gz").write_bytes(gzip.compress(TABLE))
    splits = splits_of(str(tmp_path), make_task(), ())
    assert {name: len(list(split.rows)) for name, split in splits.items()} == {"train": 2, "dev": 2}


def test_the_first_bytes_and_the_plain_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(gzip.compress(b"hello"))
    assert first_bytes(tmp_path / "a", 3) == b"hel"
    assert first_bytes(tmp_path / "absent", 3) == b""
    assert plain_path(Path("x/a.jsonl.XZ")) == Path("x/a.jsonl")
    assert plain_path(Path("a.csv")) == Path("a.csv")


def test_a_tar_archive_is_named(tmp_path: Path, read_file: ReadFile) -> None:
    (tmp_path / "train.csv").write_bytes(TABLE)
    with tarfile.open(tmp_path / "train.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "train.csv", arcname="train.csv")
    with pytest.raises(DataError, match="a tar archive") as caught:
        read_file(tmp_path / "train.tar.gz")
    assert caught.value.code == "not-rows"
