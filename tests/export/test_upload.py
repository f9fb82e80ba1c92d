from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import constants

import adaptkit
from adaptkit.export.upload import planned
from adaptkit.system.manifest import write_manifest
from tests.helpers.data import SENTENCE
from tests.helpers.hub import TOKEN, Hub, hub_stand_in
from tests.helpers.program import called, environment

pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
"""huggingface_hub's own call of httpx."""


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Hub]:
    """A hub that the client in this process uses, with a token."""
    with hub_stand_in() as made:
        monkeypatch.setattr(constants, "ENDPOINT", made.url)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "token"))
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        yield made


@pytest.fixture
def folder(tuned: Callable[[str, str], Any]) -> Path:
    best: Path = tuned("ner", "full").folder.best
    return best


def test_the_uploaded_folder_loads_and_predicts(hub: Hub, folder: Path, tmp_path: Path) -> None:
    changes = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1", "HF_HUB_OFFLINE": "0", "HF_TOKEN": TOKEN}
    command = [sys.executable, "-m", "adaptkit", "push", str(folder), "acme/rivers", "--yes"]
    answer = subprocess.run(command, env=environment(**changes), capture_output=True, text=True, timeout=120)
    assert answer.returncode == 0, answer.stderr
    assert f"uploaded: {hub.url}/acme/rivers/commit/" in answer.stdout
    for name, content in hub.files["acme/rivers"].items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    assert hub.large  # the weights took the way of large files
    found = adaptkit.load(tmp_path, device="cpu").predict(SENTENCE)
    assert found == adaptkit.load(folder, device="cpu").predict(SENTENCE)


def test_without_yes_nothing_is_sent(hub: Hub, folder: Path) -> None:
    answer = called("push", folder, "acme/rivers", "--private")
    assert answer.code == 0
    assert "model.safetensors" in answer.out
    assert "acme/rivers on the hub, a private repository" in answer.out
    assert "Nothing was uploaded" in answer.out
    assert not hub.asked


def test_only_files_that_adaptkit_wrote_are_uploaded(folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / ".env").write_text("secret")
    plan = planned(copy, "acme/rivers")
    assert plan.left_out == [".env"]
    assert {"README.md", "adaptkit.json", "manifest.json", "model.safetensors"} <= set(plan.files)


def test_a_damaged_folder_is_not_uploaded(hub: Hub, folder: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(folder, tmp_path / "copy")
    (copy / "config.json").write_text("{}")
    answer = called("push", copy, "acme/rivers", "--yes")
    assert answer.code == 2
    assert "damaged" in answer.err
    assert not hub.asked


def test_a_private_repository_stays_private(hub: Hub, folder: Path) -> None:
    assert called("push", folder, "acme/rivers", "--private", "--yes").code == 0
    assert hub.repositories == {"acme/rivers": True}
    hub.repositories["acme/open"] = False
    answer = called("push", folder, "acme/open", "--private", "--yes")
    assert answer.code == 2
    assert "acme/open is public" in answer.err
    assert "acme/open" not in hub.files


def test_a_second_upload_is_another_commit(hub: Hub, folder: Path) -> None:
    for _ in range(2):
        assert called("push", folder, "rivers", "--yes").code == 0
    assert set(hub.files) == {"tester/rivers"}


@pytest.mark.parametrize(
    ("part", "status", "code", "words"),
    [
        ("create", 401, 2, "does not accept the token"),
        ("create", 403, 2, "may not write to acme/rivers"),
        ("create", 404, 2, "no place for acme/rivers"),
        ("create", 500, 1, "the stand-in says 500"),
        ("commit", 403, 2, "may not write to acme/rivers"),
        ("commit", 413, 1, "the upload to acme/rivers failed"),
        ("batch", 422, 1, "the upload to acme/rivers failed"),
    ],
)
def test_what_the_hub_refuses_is_said_in_words(
    part: str, status: int, code: int, words: str, hub: Hub, folder: Path
) -> None:
    hub.fails[part] = status
    answer = called("push", folder, "acme/rivers", "--yes")
    assert answer.code == code
    assert words in answer.err
    assert "Traceback" not in answer.err
    assert not hub.files


def test_a_wrong_token_and_no_token_are_named(
    hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    assert "does not accept the token" in called("push", folder, "acme/rivers", "--yes").err
    monkeypatch.delenv("HF_TOKEN")
    answer = called("push", folder, "acme/rivers", "--yes")
    assert answer.code == 2
    assert "hf auth login" in answer.err


def test_a_hub_that_is_down_is_named(hub: Hub, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    answer = called("push", folder, "acme/rivers", "--yes")
    assert answer.code == 1
    assert "http://127.0.0.1:9 cannot be reached" in answer.err
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert "HF_HUB_OFFLINE" in called("push", folder, "acme/rivers", "--yes").err


@pytest.mark.parametrize("name", ["a/b/c", "", "a b", "../x", "-x", "a--b"])
def test_names_that_the_hub_does_not_have_are_refused(name: str, folder: Path) -> None:
    answer = called("push", folder, "--", name)
    assert answer.code == 2
    assert "not the name of a repository" in answer.err


def test_a_study_without_a_model_is_named(tmp_path: Path) -> None:
    answer = called("push", "nothing", "acme/rivers", "--studies", tmp_path)
    assert answer.code == 2
    assert "there is no study 'nothing'" in answer.err


def test_an_adapter_for_a_local_model_is_warned_of(tuned: Callable[[str, str], Any], tmp_path: Path) -> None:
    copy = shutil.copytree(tuned("ner", "lora").folder.best, tmp_path / "copy")
    assert "others cannot load it" in planned(copy, "acme/rivers").warning
    write_manifest(copy)
    assert not planned(copy, "acme/rivers").left_out
