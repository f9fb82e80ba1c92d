"""Weights are found only if they are listed and undamaged, and nothing but weights is deleted."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from adaptkit.errors import StudyError
from adaptkit.study.weights import KeptWeights
from adaptkit.system.manifest import read_manifest, write_manifest

ONE, OTHER = "0001.safetensors", "0002.safetensors"


@pytest.fixture
def kept(tmp_path: Path) -> KeptWeights:
    """Two files of weights, in a folder that `keep` creates."""
    (tmp_path / "lock").touch()
    its = KeptWeights(tmp_path / "trials")
    for name in (ONE, OTHER):
        its.keep(name, lambda path, text=name: path.write_text(text) and None)
    return its


def test_kept_files_are_found(kept: KeptWeights) -> None:
    found = kept.find(ONE)
    assert found is not None
    assert found.read_text() == ONE
    assert kept.listed() == kept.on_disk() == {ONE, OTHER}


def test_a_file_that_is_not_listed_is_not_found(kept: KeptWeights) -> None:
    (kept.folder / "0003.safetensors").write_text("other")
    assert kept.find("0003.safetensors") is None
    assert kept.on_disk() - kept.listed() == {"0003.safetensors"}


def test_a_damaged_file_is_refused(kept: KeptWeights) -> None:
    (kept.folder / ONE).write_text("changed")
    with pytest.raises(StudyError) as caught:
        kept.find(ONE)
    assert caught.value.code == "damaged-folder"


def test_dropped_files_are_deleted_and_not_listed(kept: KeptWeights) -> None:
    (kept.folder / "0003.safetensors").write_text("not listed")
    kept.drop({ONE, "0003.safetensors", "0004.safetensors"})
    assert set(read_manifest(kept.folder)) == kept.on_disk() == {OTHER}


def test_only_weights_are_deleted(kept: KeptWeights) -> None:
    """A record that the manifest lists, because someone changed it."""
    (kept.folder / "0001.json").write_text("{}")
    write_manifest(kept.folder, ["0001.json", ONE])
    kept.drop(kept.listed())
    assert (kept.listed(), kept.on_disk()) == (set(), {OTHER})
    assert (kept.folder / "0001.json").exists()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="file"):
        KeptWeights(tmp_path / "file").keep(ONE, lambda path: path.write_text("new") and None)


def test_a_folder_removed_before_the_weights_are_written(kept: KeptWeights) -> None:
    calls = []

    def write(path: Path) -> None:
        calls.append(path)
        if len(calls) == 1:
            shutil.rmtree(kept.folder)
        save_file({"one": torch.ones(2)}, path)

    kept.keep(ONE, write)
    assert len(calls) == 2
    assert kept.listed() == {ONE}
    assert load_file(kept.folder / ONE)["one"].tolist() == [1, 1]
