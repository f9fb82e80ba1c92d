"""A stand-in for the hub's HTTP interface: what huggingface_hub's client needs to upload a model."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "hf_of_the_tests"


@dataclass
class Hub:
    """What the hub has, and how it is to fail."""

    url: str = ""
    repositories: dict[str, bool] = field(default_factory=dict)
    """Name → whether it is private."""

    files: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Repository → name → content, as committed."""

    large: dict[str, bytes] = field(default_factory=dict)
    """SHA-256 → content."""

    fails: dict[str, int] = field(default_factory=dict)
    """Part of a path → the status of its answer."""

    asked: list[str] = field(default_factory=list)
    """Method and path of each request."""


@contextmanager
def hub_stand_in() -> Iterator[Hub]:
    """A hub on a free port of the loopback interface."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Handler,), {"hub": hub}))
    hub.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    """Answers as the hub does."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Stay quiet."""

    def do_HEAD(self) -> None:
        self.answer(200, {})

    def do_GET(self) -> None:
        name = self.path.removeprefix("/api/models/")
        if name not in self.hub.repositories:
            return self.answer(404, {"error": "Repository not found"})
        return self.answer(200, {"id": name, "private": self.hub.repositories[name], "sha": "0" * 40})

    def do_PUT(self) -> None:
        content = self.body()
        oid = self.path.rpartition("/")[2]
        same = hashlib.sha256(content).hexdigest() == oid
        if same:
            self.hub.large[oid] = content
        self.answer(200 if same else 400, {})

    def do_POST(self) -> None:
        self.hub.asked.append(f"POST {self.path}")
        body = self.body()
        for part, status in self.hub.fails.items():
            if part in self.path:
                return self.answer(status, {"error": f"the stand-in says {status}"})
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.answer(401, {"error": "Invalid username or password."})
        if self.path == "/api/repos/create":
            return self.created(json.loads(body))
        if self.path == "/api/validate-yaml":
            return self.answer(200, {"errors": [], "warnings": []})
        if found := re.fullmatch(r"/(.+)\.git/info/lfs/objects/batch", self.path):
            return self.answer(200, {"objects": [self.place(one) for one in json.loads(body)["objects"]]})
        found = re.fullmatch(r"/api/models/(.+)/(preupload|commit)/main", self.path)
        if found is None or found[1] not in self.hub.repositories:
            return self.answer(404, {"error": "Repository not found"})
        if found[2] == "preupload":
            return self.answer(200, {"files": [self.mode(one) for one in json.loads(body)["files"]]})
        return self.committed(found[1], [json.loads(line) for line in body.splitlines()])

    def created(self, asked: dict[str, Any]) -> None:
        """A new repository; 409 for one that exists."""
        name = f"{asked.get('organization') or 'tester'}/{asked['name']}"
        status = 409 if name in self.hub.repositories else 200
        private = asked.get("visibility") == "private" or bool(
            asked.get("private")
        )  # by the client's version
        self.hub.repositories.setdefault(name, private)
        self.answer(status, {"url": f"{self.hub.url}/{name}"})

    def mode(self, one: dict[str, Any]) -> dict[str, Any]:
        """Weights are large files, and all others are part of the commit."""
        large = one["path"].endswith(("safetensors", "onnx"))
        return {"path": one["path"], "uploadMode": "lfs" if large else "regular", "shouldIgnore": False}

    def place(self, one: dict[str, Any]) -> dict[str, Any]:
        """Where a large file is sent to."""
        return {**one, "actions": {"upload": {"href": f"{self.hub.url}/lfs/{one['oid']}"}}}

    def committed(self, name: str, lines: list[dict[str, Any]]) -> None:
        """All files of a commit."""
        files = self.hub.files.setdefault(name, {})
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.hub.large[value["oid"]]
        self.answer(200, {"commitUrl": f"{self.hub.url}/{name}/commit/{'1' * 40}", "commitOid": "1" * 40})

    def body(self) -> bytes:
        """The request's body, whole or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        content = b""
        while length := int(self.rfile.readline(), 16):
            content += self.rfile.read(length)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def answer(self, status: int, value: Any) -> None:
        """JSON with this status."""
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
