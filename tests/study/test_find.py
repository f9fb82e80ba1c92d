"""Studies are found by name, by path, or as the last updated; unsafe names and folders are rejected."""

import os
import subprocess
from pathlib import Path

import pytest

from adaptkit.config import StudyConfig
from adaptkit.errors import ConfigError, StudyError
from adaptkit.study.find import find_study, list_studies, refuse_unwritable, study_folder
from adaptkit.study.folder import StudyFolder
from adaptkit.study.provenance import Provenance


def begin(studies: Path, name: str, updated: float) -> StudyFolder:
    study = study_folder(studies, name)
    provenance = Provenance(
        versions={}, data_fingerprint="a", labels=2, space={}, fixed={}, metric="f1", direction="maximize"
    )
    with study.lock():
        study.create_or_open(StudyConfig(task="ner"), provenance)
    os.utime(study.toml, (updated, updated))
    return study


@pytest.mark.parametrize("name", ["ner-lora_1.5", "a" * 100, "2024"])
def test_safe_names_are_accepted(tmp_path: Path, name: str) -> None:
    assert study_folder(tmp_path, name).path == tmp_path / name


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "/etc",
        "a\\b",
        "a\0b",
        "a\n",
        "-x",
        ".x",
        "a b",
        "é",
        "\u202ex",
        "a" * 101,
        "a" * 600,
    ],
)
def test_unsafe_names_are_rejected_and_shown_shortened(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError) as error:
        study_folder(tmp_path, name)
    assert error.value.code == "invalid-study-name"
    assert len(str(error.value)) < 400
    assert str(error.value).isprintable()
    assert os.listdir(tmp_path) == []


def test_studies_are_listed_and_found(tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    for updated, name in enumerate(("first", "third", "second"), start=1):
        begin(studies, name, updated)
    (studies / "quality").mkdir()  # not a study
    assert [study.name for study in list_studies(studies)] == ["second", "third", "first"]
    assert find_study(studies).name == "second"
    assert find_study(studies, "first").name == "first"
    assert find_study(tmp_path / "elsewhere", str(studies / "third")).name == "third"


@pytest.mark.parametrize("study", ["gone", "", "../..", "a\0b", "a" * 5000])
def test_a_missing_study_is_reported_with_the_existing_ones(tmp_path: Path, study: str) -> None:
    begin(tmp_path, "mine", 1)
    with pytest.raises(StudyError, match="'mine'"):
        find_study(tmp_path, study)


def test_a_missing_study_is_reported_with_similar_names(tmp_path: Path) -> None:
    for number in range(12):
        begin(tmp_path, f"study-{number:02d}", number)
    with pytest.raises(StudyError, match=r"4 more: 'adaptkit studies' lists them") as error:
        find_study(tmp_path, "zzz")
    assert error.value.expected.count("'study-") == 8
    with pytest.raises(StudyError, match="'study-07'") as error:
        find_study(tmp_path, "study07")
    assert error.value.expected.count("'study-") <= 3


def test_a_folder_without_studies_is_reported(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="adaptkit tune") as error:
        find_study(tmp_path / "gone")
    assert error.value.code == "study-not-found"


def test_an_unwritable_folder_is_rejected_and_nothing_written(tmp_path: Path) -> None:
    refuse_unwritable(tmp_path / "a" / "b")
    assert os.listdir(tmp_path) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError, match="file is not a folder") as error:
        refuse_unwritable(tmp_path / "file" / "studies")
    assert error.value.code == "studies-not-writable"


def test_a_read_only_file_system_can_only_be_read(tiny_disk: Path) -> None:
    begin(tiny_disk, "mine", 1)
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(StudyError, match=r"cannot be written to.*--studies"):
        refuse_unwritable(tiny_disk / "other")
    study = find_study(tiny_disk)
    assert study.read_provenance().metric == "f1"
    assert study.read_trials() == []
    with pytest.raises(StudyError, match="cannot be written: Read-only file system"), study.lock():
        pass
