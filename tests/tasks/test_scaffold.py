"""A new plugin is an ordinary distribution: it can be installed and tuned, and passes its own tests."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path, PurePath

import pytest

from adaptkit.errors import ConfigError, StudyError
from adaptkit.tasks.scaffold import FILES, write_plugin

ROOT = Path(__file__).resolve().parents[2]


def test_the_files_of_a_new_plugin(tmp_path: Path) -> None:
    files = write_plugin("lost-and-found", tmp_path / "deep" / "er")
    folder = tmp_path / "deep" / "er" / "adaptkit-lost-and-found"
    assert sorted(files) == sorted(path for path in folder.rglob("*") if path.is_file())
    assert [path.name for path in folder.parent.iterdir()] == [folder.name], "nothing is left beside it"
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    assert project["project"]["name"] == "adaptkit-lost-and-found"
    points = project["project"]["entry-points"]["adaptkit.tasks"]
    assert points == {"lost-and-found": "adaptkit_lost_and_found:task"}
    code = (folder / "src" / "adaptkit_lost_and_found" / "__init__.py").read_text()
    assert "CHANGE" in code
    assert 'name="lost-and-found"' in code
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert "{{" not in text
        assert "{%" not in text


@pytest.mark.parametrize("split", ["train", "dev", "test"])
def test_the_sample_is_a_table_with_every_class(split: str, tmp_path: Path) -> None:
    write_plugin("inbox", tmp_path)
    path = tmp_path / "adaptkit-inbox" / "src" / "adaptkit_inbox" / "sample" / f"{split}.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["label"] for row in rows} == {"question", "request", "complaint"}
    assert all(set(row) == {"text", "label"} and row["text"] for row in rows)
    assert len({row["text"] for row in rows}) == len(rows) >= 9


BAD_NAMES = [
    "", "-", "-x", "x-", "a--b", "9a", "a_b", "A", "é", "a b", "a\n", "a\0", "..", "../x", "/x", "a/b", "a.b",
    "x" * 41, "class\x1b[31m", "{{ name }}",
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_an_invalid_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        write_plugin(name, tmp_path / "to")
    assert caught.value.code == "bad-task-name"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "file", "dangling link"])
def test_an_existing_file_is_not_changed(kind: str, tmp_path: Path) -> None:
    taken = tmp_path / "adaptkit-inbox"
    if kind == "folder":
        taken.mkdir()
    elif kind == "file":
        taken.write_text("mine")
    else:
        taken.symlink_to("nowhere")
    before = taken.lstat()
    with pytest.raises(ConfigError, match=r"adaptkit-inbox.*--to") as caught:
        write_plugin("inbox", tmp_path)
    assert caught.value.code == "folder-exists"
    assert taken.lstat() == before
    assert list(tmp_path.iterdir()) == [taken]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StudyError) as caught:
        write_plugin("inbox", tmp_path / "file")
    assert caught.value.code == "cannot-write"


def test_a_python_keyword_is_a_valid_name(tmp_path: Path) -> None:
    write_plugin("class", tmp_path)
    source = tmp_path / "adaptkit-class" / "src" / "adaptkit_class" / "__init__.py"
    compile(source.read_text(), "class", "exec")


def test_the_templates_are_packaged() -> None:
    patterns = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]
    for file in FILES.values():
        path = PurePath("tasks", "scaffold", file)
        assert any(path.match(pattern) for pattern in patterns["adaptkit"]), file
        assert (ROOT / "adaptkit" / path).is_file()


def run(command: list[str], folder: Path, site: Path) -> str:
    """The standard output of a command that finds the packages in ``site``."""
    environment = {**os.environ, "PYTHONPATH": str(site), "ADAPTKIT_CACHE": str(folder / "cache")}
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, env=environment, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.slow
def test_a_new_plugin_installs_passes_its_tests_and_tunes(tmp_path: Path) -> None:
    site = tmp_path / "site"
    run(["adaptkit", "tasks", "--new", "inbox"], tmp_path, site)
    plugin = tmp_path / "adaptkit-inbox"
    wheels = ["pip", "--quiet", "wheel", "--no-deps", "--no-build-isolation", "-w", "wheels", str(plugin)]
    run(wheels, tmp_path, site)
    (wheel,) = (tmp_path / "wheels").glob("adaptkit_inbox-*.whl")
    install = ["pip", "--quiet", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    run(install, tmp_path, site)
    assert "adaptkit-inbox" in run(["adaptkit", "tasks"], tmp_path, site)
    assert " 0 failed" in run(["adaptkit", "tasks", "--check", "inbox"], tmp_path, site)
    assert "6 passed" in run(["pytest", "-q"], plugin, site)
    for strategy in ("frozen", "lora", "full"):
        options = ["--strategy", strategy, "--trials", "2", "--epochs", "1", "--study", strategy, "--json"]
        study = json.loads(run(["adaptkit", "tune", "--task", "inbox", *options], tmp_path, site))
        assert study["study"]["state"] == "finished"
    said = run(["adaptkit", "predict", "frozen", "Are there seats left?", "--json"], tmp_path, site)
    assert json.loads(said)["label"] in {"question", "request", "complaint"}
