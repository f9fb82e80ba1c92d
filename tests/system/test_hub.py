from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer

import huggingface_hub
import pytest

from adaptkit.system import hub


class Empty(BaseHTTPRequestHandler):
    """Answers every request with an empty page."""

    def do_HEAD(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def use_hub(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make the local server on this port the hub."""

    def use(port: int) -> None:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    return use


def test_a_hub_that_answers(use_hub: Callable[[int], None]) -> None:
    with HTTPServer(("127.0.0.1", 0), Empty) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        use_hub(server.server_port)
        try:
            assert hub.hub_answers()
        finally:
            server.shutdown()
            serving.join()


def test_a_port_that_nobody_listens_on(use_hub: Callable[[int], None]) -> None:
    use_hub(9)
    assert not hub.hub_answers()


class NeverAnswering:
    """A session whose requests do not return before `end` is set, as while a name is looked up."""

    def __init__(self) -> None:
        self.end, self.ended = threading.Event(), threading.Event()
        self.timeouts: list[float] = []

    def head(self, url: str, *, timeout: float) -> None:
        self.timeouts.append(timeout)
        self.end.wait()
        self.ended.set()


def test_a_request_that_does_not_return(monkeypatch: pytest.MonkeyPatch) -> None:
    session = NeverAnswering()
    monkeypatch.setattr(huggingface_hub, "get_session", lambda: session)
    monkeypatch.setattr(hub, "ANSWER_SECONDS", 0.2)
    assert not hub.hub_answers()
    assert not session.ended.is_set()
    assert session.timeouts == [0.2]
    session.end.set()
    session.ended.wait()
