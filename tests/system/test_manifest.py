"""The manifest names each file that is not what was written."""

import json
from pathlib import Path

import pytest

from adaptkit.errors import StudyError
from adaptkit.system.manifest import MANIFEST, read_manifest, verify, write_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "model.safetensors").write_bytes(bytes(range(256)) * 40)
    (tmp_path / "deep" / "config.json").write_text("{}")
    write_manifest(tmp_path)
    return tmp_path


def test_a_whole_folder_is_whole_with_other_files_in_it_and_when_written_again(folder: Path) -> None:
    verify(folder)
    (folder / "README.md").write_text("the user's own")
    verify(folder)
    assert set(read_manifest(folder)) == {"model.safetensors", "deep/config.json"}
    write_manifest(folder)
    assert set(read_manifest(folder)) == {"model.safetensors", "deep/config.json", "README.md"}


def test_one_flipped_bit_is_told(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[5000] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(StudyError, match=r"model\.safetensors has other contents than were written"):
        verify(folder)


def test_everything_that_differs_is_told_at_once(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    (folder / "deep" / "config.json").unlink()
    with pytest.raises(StudyError) as error:
        verify(folder)
    assert "model.safetensors has 43 bytes instead of 10240" in error.value.problem
    assert "deep/config.json is missing" in error.value.problem


def test_a_named_file_must_be_in_the_manifest(folder: Path) -> None:
    (folder / "other").write_text("a")
    with pytest.raises(StudyError, match=r"other is not in manifest\.json"):
        verify(folder, ["other"])


@pytest.mark.parametrize(
    "text", ["", "[]", '{"files": 3}', '{"files": {"a": {"bytes": 1}}}', '{"files": {"a', "\0\xff"]
)
def test_what_is_no_manifest_is_told(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(StudyError, match=r"manifest\.json is no manifest"):
        verify(folder)


def test_a_missing_manifest_and_names_outside_the_folder_are_told(folder: Path) -> None:
    entry = {"bytes": 1, "sha256": "0"}
    for name in ("../../etc/passwd", "/etc/passwd"):
        (folder / MANIFEST).write_text(json.dumps({"files": {name: entry}}))
        with pytest.raises(StudyError, match="outside its folder"):
            verify(folder)
    (folder / MANIFEST).unlink()
    with pytest.raises(StudyError, match=r"has no manifest\.json"):
        verify(folder)
