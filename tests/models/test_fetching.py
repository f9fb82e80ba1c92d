"""A model of the hub is fetched by its known files alone, and then checked like any folder."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.helpers import model_folders as folders

COMMIT = "0" * 40
LOAD = """
from adaptkit.errors import AdaptkitError
from adaptkit.models.loading import load_model
from tests.helpers.number_task import number_task
try:
    loaded = load_model(number_task(), "example/encoder", ("a", "b"), seed=0, max_length=None)
    print("loaded", loaded.source, loaded.module.classifier.out_features)
except AdaptkitError as error:
    print(error.code)
"""


def files_of(folder: Path) -> list[tuple[str, int]]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(path.relative_to(folder).as_posix(), path.stat().st_size) for path in paths]


def content_of(folder: Path, path: str) -> bytes | None:
    """What the hub answers to a path; None if there is nothing."""
    api, resolve = "/api/models/example/encoder/", "/example/encoder/resolve/"
    if path.startswith(f"{api}revision/"):
        siblings = [{"rfilename": name} for name, _ in files_of(folder)]
        return json.dumps({"id": "example/encoder", "sha": COMMIT, "siblings": siblings}).encode()
    if path.startswith(f"{api}tree/"):
        known = {"type": "file", "oid": COMMIT}
        return json.dumps([{**known, "path": name, "size": size} for name, size in files_of(folder)]).encode()
    name = path.removeprefix(resolve).partition("/")[2] if path.startswith(resolve) else ""
    return (folder / name).read_bytes() if (folder / name).is_file() else b"" if path == "/" else None


def handler(folder: Path, asked: list[str]) -> type[BaseHTTPRequestHandler]:
    """A hub with one model, whose files are those of the folder."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            content = content_of(folder, self.path)
            self.send_response(404 if content is None else 200)
            if content is None:
                self.send_header("X-Error-Code", "EntryNotFound")
            self.send_header("X-Repo-Commit", COMMIT)
            self.send_header("ETag", f'"{hashlib.sha256(content or b"").hexdigest()}"')
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content or b"")

        def do_GET(self) -> None:
            self.do_HEAD()

        def log_message(self, *_: object) -> None:
            pass

    return Hub


@pytest.fixture
def hub(tiny_folder: Path, tmp_path: Path) -> Iterator[tuple[Path, list[str], Callable[[], str]]]:
    """The folder of the hub's model, the paths that were asked for, and a function that loads the model."""
    folder, asked = folders.copied(tiny_folder, tmp_path / "hub"), []  # type: ignore[var-annotated]
    with ThreadingHTTPServer(("127.0.0.1", 0), handler(folder, asked)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        changes: dict[str, Any] = {
            "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
            "HF_HOME": str(tmp_path / "cache"),
            "HF_HUB_OFFLINE": "0",
            "HF_HUB_DISABLE_XET": "1",
        }

        def load() -> str:
            answer = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", LOAD], env={**os.environ, **changes},
                capture_output=True, text=True, check=False, timeout=120,
            )  # fmt: skip
            assert answer.stdout, answer.stderr
            return answer.stdout.strip()

        yield folder, asked, load
        server.shutdown()


def test_only_known_files_are_fetched(hub: tuple[Path, list[str], Callable[[], str]]) -> None:
    folder, asked, load = hub
    for name in ("pytorch_model.bin", "harbour.py", "onnx/model.onnx", "openvino/model.safetensors"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"x")
    folders.set_config(folder, auto_map={"AutoModel": "owner/other--harbour.Model"})
    assert load() == "loaded example/encoder 2"
    fetched = {path.partition("/resolve/")[2].partition("/")[2] for path in asked if "/resolve/" in path}
    assert {"model.safetensors", "config.json", "tokenizer.json"} <= fetched
    assert fetched <= {
        "model.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json", "1_Pooling/config.json"
    }  # fmt: skip
    assert not any("owner" in path for path in asked)
    before = len(asked)
    assert load() == "loaded example/encoder 2"
    assert len(asked) == before, "the second time it comes from the cache"


def test_a_fetched_model_is_checked(hub: tuple[Path, list[str], Callable[[], str]]) -> None:
    folder, asked, load = hub
    folders.set_config(folder, attn_implementation="owner/kernel")
    assert load() == "unsafe-setting"
    assert not any("owner" in path for path in asked)
