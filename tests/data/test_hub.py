"""Tests with a real socket as the hub, one that never answers.

Each case runs in a separate process, because the libraries read their settings when they are imported.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import datasets
import pytest

PROGRAM = """
import sys
from adaptkit.data import hub
from adaptkit.system import hub as system_hub
from adaptkit.errors import DataError
system_hub.ANSWER_SECONDS = 1.0
try:
    splits = hub.hub_splits(sys.argv[1])
    print("rows", {name: split.to_list() for name, split in splits.items()})
except DataError as error:
    print("DataError", error.code, error)
"""


def ask_hub(identifier: str, port: int, home: Path, **settings: str) -> str:
    """The program's output."""
    kept = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
    environment = {**kept, "HF_ENDPOINT": f"http://127.0.0.1:{port}", "HF_HOME": str(home), **settings}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, identifier],
        env=environment, capture_output=True, text=True, check=True, timeout=300,
    )  # fmt: skip
    return done.stdout


@pytest.fixture
def silent_hub() -> object:
    """A hub that accepts every connection and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(8)
        listening.setblocking(False)
        yield listening


def port_of(listening: socket.socket) -> int:
    return int(listening.getsockname()[1])


def test_a_hub_that_never_answers_is_an_error(tmp_path: Path, silent_hub: socket.socket) -> None:
    output = ask_hub("someone/something", port_of(silent_hub), tmp_path)
    assert output.startswith("DataError hub-unreachable data set 'someone/something'")


class NothingHere(BaseHTTPRequestHandler):
    """Answers every request for a data set with 404, as the hub does for a mistyped id."""

    def do_HEAD(self) -> None:
        self.send_response(404)
        self.send_header("X-Error-Code", "RepoNotFound")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


def test_the_error_names_an_id_that_the_hub_does_not_have(tmp_path: Path) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), NothingHere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        output = ask_hub("someone/somethign:small", server.server_port, tmp_path)
        server.shutdown()
    expected = "DataError hub-failed data set 'someone/somethign:small': DatasetNotFoundError: "
    assert output.startswith(expected)


def test_the_offline_setting_prevents_network_calls(tmp_path: Path, silent_hub: socket.socket) -> None:
    output = ask_hub("someone/something", port_of(silent_hub), tmp_path, HF_HUB_OFFLINE="1")
    assert output.startswith("DataError hub-unreachable data set 'someone/something'")
    with pytest.raises(BlockingIOError):
        silent_hub.accept()


def test_a_cached_data_set_is_used_without_a_network_call(tmp_path: Path, silent_hub: socket.socket) -> None:
    fill_cache(tmp_path / "datasets", "someone___something", [{"text": "x"}, {"text": "y"}])
    output = ask_hub("someone/something", port_of(silent_hub), tmp_path)
    assert output.strip() == "rows {'train': [{'text': 'x'}, {'text': 'y'}]}"
    with pytest.raises(BlockingIOError):
        silent_hub.accept()


def fill_cache(cache: Path, folder: str, rows: list[dict[str, str]]) -> None:
    """Puts rows into the library's cache as a hub data set, in files that the library itself wrote."""
    (cache.parent / "rows.jsonl").write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    built = cache.parent / "built"
    datasets.load_dataset("json", data_files=str(cache.parent / "rows.jsonl"), cache_dir=str(built))
    (information,) = built.rglob("dataset_info.json")
    home = cache / folder / "default" / "0.0.0" / "0123456789abcdef"
    shutil.copytree(information.parent, home)
    (home / "json-train.arrow").rename(home / f"{folder.rsplit('___', 1)[1]}-train.arrow")
    described = json.loads(information.read_text())
    described |= {"dataset_name": "something", "config_name": "default"}
    (home / "dataset_info.json").write_text(json.dumps(described))
