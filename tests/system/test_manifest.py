"""The manifest names each file that differs from what was written."""

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


def test_an_intact_folder_may_hold_other_files(folder: Path) -> None:
    verify(folder)
    (folder / "README.md").write_text("the user's own")
    verify(folder)
    assert set(read_manifest(folder)) == {"model.safetensors", "deep/config.json"}
    write_manifest(folder)
    assert set(read_manifest(folder)) == {"model.safetensors", "deep/config.json", "README.md"}


def test_one_flipped_bit_is_detected(folder: Path) -> None:
    content = bytearray((folder / "model.safetensors").read_bytes())
    content[5000] ^= 1
    (folder / "model.safetensors").write_bytes(content)
    with pytest.raises(StudyError, match=r"model\.safetensors has changed") as caught:
        verify(folder)
    assert caught.value.code == "damaged-folder"


def test_one_error_names_every_file_that_differs(folder: Path) -> None:
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
def test_a_file_that_is_not_a_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / MANIFEST).write_bytes(text.encode("latin-1"))
    with pytest.raises(StudyError, match=r"manifest\.json") as caught:
        verify(folder)
    assert caught.value.code == "bad-manifest"


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd"])
def test_a_manifest_may_not_name_files_outside_the_folder(folder: Path, name: str) -> None:
    (folder / MANIFEST).write_text(json.dumps({"files": {name: {"bytes": 1, "sha256": "0"}}}))
    with pytest.raises(StudyError) as caught:
        verify(folder)
    assert caught.value.code == "outside-folder"


def test_a_missing_manifest_is_an_error(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(StudyError) as caught:
        verify(folder)
    assert caught.value.code == "no-manifest"
