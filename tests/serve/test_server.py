from __future__ import annotations

import asyncio
import http.client
import json
import random
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

import adaptkit
from benchmarks.inference.load import load, post
from tests.helpers.data import SENTENCE
from tests.helpers.program import called
from tests.serve.conftest import Server, serving

JSON = "application/json"


def asked(server: Server, path: str, body: Any = None, kind: str = JSON) -> tuple[int, Any]:
    """The status and the JSON of an answer."""
    connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=60)
    given = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
    connection.request("GET" if body is None else "POST", path, given, {"Content-Type": kind})
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, json.loads(content) if answer.headers["content-type"] == JSON else content.decode()


def test_the_predictions_are_those_of_the_model(server: Server, tuned: Any) -> None:
    texts = [SENTENCE, "merry", "the cold river"]
    for name, task in (("words", "ner"), ("texts", "text-classification")):
        model = adaptkit.load(tuned(task, "full").folder.best, device="cpu")
        status, found = asked(server, f"/models/{name}/predict", {"texts": texts})
        assert status == 200
        for one, expected in zip(found["predictions"], model.predict(texts), strict=True):
            assert one.get("label") == expected.get("label")
            assert one.get("text") == expected.get("text")
    tokens = SENTENCE.split()
    status, found = asked(server, "/predict", {"rows": [{"tokens": tokens}, {"text": SENTENCE}]})
    assert status == 200
    assert len(found["predictions"]) == 2


MALFORMED: dict[str, tuple[bytes, int]] = {
    "nothing": (b"", 400),
    "no JSON": (b"texts=abc", 400),
    "cut off": (b'{"texts": ["abc"', 400),
    "more after it": (b'{"texts": ["abc"]} x', 400),
    "not UTF-8": (b'{"texts": ["\xff"]}', 400),
    "NaN": (b'{"texts": [NaN]}', 400),
    "a number without end": (b'{"rows": [{"text": 1e999}]}', 400),
    "a very long number": (b'{"rows": [{"text": ' + b"9" * 4400 + b"}]}", 400),
    "half a surrogate pair": (b'{"texts": ["\\ud800"]}', 400),
    "a key twice": (b'{"texts": ["a"], "texts": ["b"]}', 400),
    "nested deeply": (b'{"texts": ' + b"[" * 2400 + b"]" * 2400 + b"}", 422),
    "a list": (b'["abc"]', 422),
    "null": (b"null", 422),
    "no key": (b"{}", 422),
    "another key": (b'{"text": "abc"}', 422),
    "both keys": (b'{"texts": ["a"], "rows": [{"text": "a"}]}', 422),
    "a text for a list": (b'{"texts": "abc"}', 422),
    "no text": (b'{"texts": []}', 422),
    "a number": (b'{"texts": ["abc", 5]}', 422),
    "null for a text": (b'{"texts": [null]}', 422),
    "an empty text": (b'{"texts": [" "]}', 422),
    "a row of text": (b'{"rows": ["abc"]}', 422),
    "a row without columns": (b'{"rows": [{}]}', 422),
    "a row of other columns": (b'{"rows": [{"path": "/etc/passwd"}]}', 422),
    "tokens of numbers": (b'{"rows": [{"tokens": [1, 2]}]}', 422),
    "tokens of null": (b'{"rows": [{"tokens": null}]}', 422),
    "an object for tokens": (b'{"rows": [{"tokens": {"a": 1}}]}', 422),
    "too many rows": (json.dumps({"texts": ["a"] * 9}).encode(), 422),
    "too many tokens": (json.dumps({"texts": ["near " * 40] * 8}).encode(), 413),
    "too large": (json.dumps({"texts": ["a" * 5000]}).encode(), 413),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_request_is_refused_in_words(name: str, server: Server) -> None:
    body, expected = MALFORMED[name]
    status, answer = asked(server, "/predict", body)
    assert 400 <= status < 500
    assert status == expected or name == "nested deeply"
    assert answer["error"]["code"]
    assert answer["error"]["message"]
    assert "Traceback" not in json.dumps(answer)


def test_wrong_keys_are_named(server: Server) -> None:
    _, answer = asked(server, "/predict", {"text": "abc", "row": 5})
    assert answer["error"]["message"] == "the keys are 'row', 'text'; expected either \"texts\" or \"rows\""
    _, answer = asked(server, "/predict", {})
    assert answer["error"]["message"].startswith("the keys are none; ")


def test_other_requests_are_refused(server: Server) -> None:
    assert asked(server, "/predict", b'{"texts": ["a"]}', kind="text/plain")[0] == 415
    assert asked(server, "/predict")[0] == 405
    assert asked(server, "/models/other/predict", {"texts": ["a"]})[0] == 404
    assert asked(server, "/models/..%2f..%2fetc/predict", {"texts": ["a"]})[0] == 404


def test_changed_requests_never_break_the_server(server: Server) -> None:
    draw, good = random.Random(0), json.dumps({"rows": [{"tokens": ["Amara", "has"]}]}).encode()
    requests = []
    for _ in range(300):
        body = bytearray(good)
        for _ in range(draw.randrange(1, 4)):
            body[draw.randrange(len(body))] = draw.randrange(256)
        requests.append(post("/predict", bytes(body[: draw.randrange(1, len(body) + 1)])))
    outcome = asyncio.run(load(server.url, requests, 4))
    assert sum(outcome.statuses.values()) == 300
    assert all(status == 200 or 400 <= status < 500 for status in outcome.statuses)
    assert asked(server, "/health")[0] == 200


def test_many_clients_are_answered_and_memory_stays(server: Server) -> None:
    process = psutil.Process(server.process.pid)
    bodies = [json.dumps({"texts": [" ".join(["near"] * (1 + n % 20))]}).encode() for n in range(400)]
    asyncio.run(load(server.url, [post("/predict", body) for body in bodies], 20))
    before = process.memory_info().rss
    outcome = asyncio.run(load(server.url, [post("/predict", body) for body in bodies], 20))
    assert outcome.statuses == {200: 400}
    assert process.memory_info().rss - before < 50_000_000
    metrics = asked(server, "/metrics")[1]
    assert 'adaptkit_requests_total{model="words",status="200"}' in metrics
    counts = dict(line.rsplit(" ", 1) for line in metrics.splitlines() if not line.startswith("#"))
    batches = float(counts['adaptkit_batch_rows_count{model="words"}'])
    assert batches < float(counts['adaptkit_rows_total{model="words"}'])  # requests are computed together


def test_open_api_has_the_tasks_own_types(server: Server) -> None:
    status, document = asked(server, "/openapi.json")
    assert status == 200
    operation = document["paths"]["/models/texts/predict"]["post"]
    texts, rows = operation["requestBody"]["content"][JSON]["schema"]["oneOf"]
    assert texts["properties"]["texts"]["maxItems"] == 8
    row = rows["properties"]["rows"]["items"]
    assert row["properties"]["text"] == {"type": "string", "pattern": r"\S", "description": "the text"}
    assert row["required"] == ["text"]
    answer = operation["responses"]["200"]["content"][JSON]["schema"]["properties"]["predictions"]["items"]
    assert answer["properties"]["label"] == {"type": "string"}
    assert {"400", "413", "415", "422", "503"} <= operation["responses"].keys()


def test_the_page_names_the_models(server: Server) -> None:
    status, page = asked(server, "/")
    assert status == 200
    assert '<option value="words">words (ner)</option>' in page
    assert "https://" not in page  # nothing is loaded from elsewhere


def test_health_names_the_tasks(server: Server) -> None:
    assert asked(server, "/health")[1]["models"] == {"words": "ner", "texts": "text-classification"}


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_requests_in_progress_are_answered_at_the_end(by: signal.Signals, tuned: Any, tmp_path: Path) -> None:
    server = serving(tuned("ner", "full").folder.best, cwd=tmp_path)
    where = urlsplit(server.url)

    async def ended() -> bytes:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        body = json.dumps({"texts": ["near " * 40] * 200}).encode()
        writer.write(post("/predict", body))
        await writer.drain()
        await asyncio.sleep(0.2)
        server.process.send_signal(by)
        answer = await reader.readuntil(b"\r\n")
        writer.close()
        return answer

    assert b"200 OK" in asyncio.run(ended())
    server.process.communicate(timeout=60)
    assert server.process.returncode in (-by, 128 + by)
    again = serving(tuned("ner", "full").folder.best, cwd=tmp_path)
    assert asked(again, "/health")[0] == 200
    again.stopped()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--host", "203.0.113.7"], "cannot be used"),
        (["--host", "no such host"], "cannot be used"),
        (["--max-rows", "0"], "--max-rows"),
    ],
)
def test_addresses_and_limits_are_checked(arguments: list[str], words: str, tuned: Any) -> None:
    answer = called("serve", tuned("ner", "full").folder.best, *arguments)
    assert answer.code == 2
    assert words in answer.err


def test_models_need_names_that_differ(tuned: Callable[[str, str], Any]) -> None:
    best = tuned("ner", "full").folder.best
    answer = called("serve", best, best)
    assert answer.code == 2
    assert "NAME=FOLDER" in answer.err


def test_a_port_in_use_is_named(server: Server, tuned: Callable[[str, str], Any]) -> None:
    port = urlsplit(server.url).port
    answer = called("serve", tuned("ner", "full").folder.best, "--port", port)
    assert answer.code == 2
    assert f"127.0.0.1:{port} cannot be used" in answer.err
