"""A cache that cannot be used, and files that cannot be read: a note and no cache, or a clear refusal."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.program import Answer, called, environment

DROP_FROM_BOUNDING_SET, OVERRIDE, READ_SEARCH = 24, 1, 2
"""prctl's option, and the two capabilities that let root ignore the permissions of files."""


def without_privileges() -> None:
    """In the new process, take away root's right to ignore permissions."""
    for capability in (OVERRIDE, READ_SEARCH):
        ctypes.CDLL(None).prctl(DROP_FROM_BOUNDING_SET, capability, 0, 0, 0)


def run(*arguments: object) -> Answer:
    command = [sys.executable, "-m", "adaptkit", *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment(), preexec_fn=without_privileges,
        check=False, timeout=120,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


@pytest.fixture(autouse=True)
def needs_linux(tmp_path: Path) -> None:
    """Skips where a process cannot be kept from reading a file without permissions."""
    secret = tmp_path / "secret"
    secret.write_text("")
    secret.chmod(0)
    reading = [sys.executable, "-c", f"open({str(secret)!r})"]
    read = subprocess.run(reading, preexec_fn=without_privileges, capture_output=True, check=False)
    secret.unlink()
    if read.returncode == 0:
        pytest.skip("permissions cannot be enforced here")


@pytest.fixture
def command(tiny_folder: Path, data_folder: Path, tmp_path: Path) -> list[object]:
    return [
        "tune", "--task", "text-classification", "--data", data_folder / "text-classification", "--model",
        tiny_folder, "--strategy", "frozen", "--trials", 1, "--device", "cpu", "--study", "mine",
        "--studies", tmp_path / "studies",
    ]  # fmt: skip


def refused(answer: Answer, *words: str) -> None:
    assert answer.code == 2, answer
    assert "unexpected" not in answer.err
    assert "Traceback" not in answer.err
    for word in words:
        assert word in answer.err


def test_a_cache_without_permissions(
    command: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(0)
    monkeypatch.setenv("ADAPTKIT_CACHE", str(closed / "cache"))
    answer = run(*command)
    assert answer.code == 0, answer
    assert "features are not kept for the next study" in answer.err
    assert "Permission denied" in answer.err
    assert run("cache").code == 0


@pytest.mark.parametrize("place", ["a file", "below a file", "a long name", "/proc", "/dev/full", "a loop"])
def test_a_cache_that_cannot_be_a_folder(
    place: str, command: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a file").write_text("mine")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    path = {
        "a file": tmp_path / "a file", "below a file": tmp_path / "a file" / "deep",
        "a long name": tmp_path / ("x" * 300), "a loop": tmp_path / "loop" / "deep",
    }.get(place, Path(place))  # fmt: skip
    monkeypatch.setenv("ADAPTKIT_CACHE", str(path))
    answer = called(*command)
    assert answer.code == 0, answer
    assert answer.err.count("features are not kept for the next study") == 1
    assert (tmp_path / "a file").read_text() == "mine"
    listed = called("cache")
    assert listed.code == 0, listed
    assert called("cache", "--clear").code == 0


@pytest.mark.parametrize("limit", ["9" * 400, "much", "-1G", "1e9", ""])
def test_a_cache_limit_that_is_no_size(
    limit: str, command: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.helpers import program

    usual = program.environment
    monkeypatch.setattr(program, "environment", lambda: {**usual(), "ADAPTKIT_CACHE_LIMIT": limit})
    refused(called(*command), "ADAPTKIT_CACHE_LIMIT", "such as 500M or 4G")
    assert not (tmp_path / "studies").exists()


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("config.json", "tokenizer.json")]


@pytest.mark.parametrize("name", ["model.safetensors", "", *SLOW])
def test_a_model_that_cannot_be_read(
    name: str, command: list[object], tiny_folder: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    (model / name).chmod(0)
    answer = run(*command, "--model", model)
    (model / name).chmod(0o755)
    refused(answer, str(model / name), "Permission denied")
    assert not (tmp_path / "studies").exists()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("best/model.safetensors", ["predict"]),
        ("trials/{best}.safetensors", ["export"]),
        ("summary.json", ["report"]),
        ("study.toml", ["export"]),
        ("best/adaptkit.json", ["predict"]),
    ],
)
def test_a_study_that_cannot_be_read(
    name: str, arguments: list[str], tuned: Callable[[str, str], Any], tmp_path: Path
) -> None:
    original = tuned("text-classification", "full")
    study = Path(shutil.copytree(original.folder.path, tmp_path / "mine"))
    path = study / name.format(best=f"{original.summary.best:04d}")
    path.chmod(0)
    more: list[object] = {"predict": ["boats"], "export": ["--to", tmp_path / "to"]}.get(arguments[0], [])  # type: ignore[assignment]
    answer = run(arguments[0], study, *more)
    refused(answer, path.name, "Permission denied")
    assert os.listdir(tmp_path) == ["mine"]


CONTENTS = ["[" * 100_000, '{"a":' * 100_000, "5", "{", '{"vocab_size": "many", "model_type": "bert"}']


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
@pytest.mark.parametrize("content", CONTENTS, ids=lambda content: content[:12])
def test_a_model_whose_configuration_is_damaged(
    content: str, name: str, command: list[object], tiny_folder: Path, tmp_path: Path
) -> None:
    model = Path(shutil.copytree(tiny_folder, tmp_path / "model"))
    (model / name).write_text(content)
    refused(called(*command, "--model", model), str(model))
    assert not (tmp_path / "studies").exists()
