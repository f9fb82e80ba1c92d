"""A server under load: batching against none, memory, a kill in the middle, and malformed requests.

python -m benchmarks.inference.serving FOLDER --out FILE

Clients and server share the machine. The numbers are written after each part.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.inference.load import Outcome, answer_to, load, post

WORDS = ["the", "old", "river", "has", "seen", "many", "boats", "near", "this", "bridge", "today"]
GOOD = json.dumps({"texts": ["the old river"]}).encode()
WRONG = [
    b"", b"[]", b"null", b"{}", b'{"texts": []}', b'{"texts": [5]}', b'{"texts": ["a"',
    b'{"texts": ["\xff"]}', b'{"texts": [NaN]}', b'{"rows": [{}]}', b'{"rows": ["a"]}', b'{"texts": [" "]}',
    b'{"text": "a"}',
    b'{"texts": ["a"], "texts": ["b"]}', b"[" * 5000, json.dumps({"texts": ["a"] * 300}).encode(),
]  # fmt: skip
"""Bodies that are no request."""


def command(model: str, *, alone: bool) -> list[str]:
    """Starts a server; ``alone`` is one that computes each request by itself."""
    if alone:
        return [sys.executable, "-m", "benchmarks.inference.serving", model, "--alone"]
    return [sys.executable, "-m", "adaptkit", "serve", f"model={model}", "--device", "cpu"]


@contextmanager
def server(model: str, port: int = 0, *, alone: bool = False) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A server's process and its address. It is ended afterwards."""
    arguments = [*command(model, alone=alone), "--port", str(port)]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = next(filter(None, (re.search(r"http://\S+", line) for line in process.stderr)))
        try:
            yield process, found[0]
        finally:
            process.send_signal(signal.SIGINT)


def serve_alone(model: str, port: int) -> None:
    """A server without batching, in this process."""
    import uvicorn

    import adaptkit
    from adaptkit.serve.app import make_app
    from adaptkit.serve.running import bound

    opened = bound("127.0.0.1", port)
    app = make_app({"model": adaptkit.load(model, device="cpu")}, together=1)
    opened.listen(2048)
    print(f"on http://127.0.0.1:{opened.getsockname()[1]}", file=sys.stderr, flush=True)
    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False)).run(sockets=[opened])


def bodies(count: int) -> list[bytes]:
    """Requests with one text of 1 to 11 words each."""
    texts = [" ".join(WORDS[: 1 + number % len(WORDS)]) for number in range(count)]
    return [post("/predict", json.dumps({"texts": [text]}).encode()) for text in texts]


def loaded(model: str, count: int, clients: int, *, alone: bool) -> dict[str, Any]:
    """The load's numbers, with the server's memory in MiB and its CPU time."""
    with server(model, alone=alone) as (process, url):
        watched = psutil.Process(process.pid)
        memory, requests, parts = [], bodies(count), []
        asyncio.run(load(url, requests[: count // 20], clients))  # warms up
        begun = sum(watched.cpu_times()[:2])
        for part in range(10):
            memory.append(round(watched.memory_info().rss / 2**20))
            parts.append(
                asyncio.run(load(url, requests[part * count // 10 : (part + 1) * count // 10], clients))
            )
        memory.append(round(watched.memory_info().rss / 2**20))
        cpu = sum(watched.cpu_times()[:2]) - begun
    whole = Outcome(sum(one.seconds for one in parts), sum((one.statuses for one in parts), Counter()))
    whole.latencies = [latency for one in parts for latency in one.latencies]
    per_request = round(cpu / count * 1000, 2)
    return {**whole.summary(), "server_cpu_ms_per_request": per_request, "memory_mib": memory}


async def insistent(
    url: str, requests: Sequence[bytes], clients: int, at: int, kill: Callable[[], None]
) -> Any:
    """Send all requests; a client whose connection breaks connects again. ``kill`` is called at a request."""
    where, left, statuses, broken = urlsplit(url), iter(enumerate(requests)), Counter[int](), 0

    async def answered(request: bytes, streams: list[Any]) -> int:
        if not streams:
            streams[:] = await asyncio.open_connection(where.hostname, where.port)
        return await answer_to(request, *streams)

    async def client() -> None:
        nonlocal broken
        streams: list[Any] = []
        for number, request in left:
            if number == at:
                kill()
            while True:
                try:
                    statuses[await answered(request, streams)] += 1
                    break
                except (OSError, EOFError):
                    broken += 1
                    streams.clear()
                    await asyncio.sleep(0.2)

    await asyncio.gather(*(client() for _ in range(clients)))
    return {"statuses": {str(status): count for status, count in statuses.items()}, "broken_tries": broken}


def killed(model: str, count: int, clients: int) -> dict[str, Any]:
    """A server that is killed with SIGKILL in the middle of a load, and started again at the same port."""
    with server(model) as (process, url):
        again = [*command(model, alone=False), "--port", str(urlsplit(url).port)]
        started: list[subprocess.Popen[bytes]] = []

        def kill() -> None:
            process.kill()
            process.wait()
            started.append(subprocess.Popen(again, stderr=subprocess.DEVNULL))

        begun = time.perf_counter()
        found = asyncio.run(insistent(url, bodies(count), clients, count // 2, kill))
        found = {"requests": count, **found, "seconds": round(time.perf_counter() - begun, 1)}
        started[0].send_signal(signal.SIGINT)
        return {**found, "exit_of_second": started[0].wait(60)}


def malformed(model: str, count: int) -> dict[str, Any]:
    """Statuses of requests that are wrong in a known way, or cut off at a random place."""
    draw = random.Random(0)
    cut = [GOOD[: draw.randrange(len(GOOD))] for _ in range(count // 2)]
    chosen = [*cut, *(draw.choice(WRONG) for _ in range(count - len(cut)))]
    with server(model) as (_, url):
        outcome = asyncio.run(load(url, [post("/predict", body) for body in chosen], 8))
        healthy = asyncio.run(load(url, [post("/predict", GOOD)], 1))
    return {"statuses": outcome.summary()["statuses"], "then_a_good_one": healthy.summary()["statuses"]}


def main() -> None:
    """Measure, and write the numbers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--alone", action="store_true", help="run a server without batching instead")
    parser.add_argument("--port", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.alone:
        serve_alone(chosen.model, chosen.port)
        return
    count, clients = chosen.requests, chosen.clients
    parts: dict[str, Callable[[], dict[str, Any]]] = {
        "malformed": lambda: malformed(chosen.model, 1000),
        "killed": lambda: killed(chosen.model, count // 5, clients),
        "batching": lambda: loaded(chosen.model, count, clients, alone=False),
        "one_by_one": lambda: loaded(chosen.model, count, clients, alone=True),
    }
    result: dict[str, Any] = {"model": Path(chosen.model).name, "clients": clients}
    for name, part in parts.items():
        result |= {name: part(), "load_average": round(os.getloadavg()[0], 1)}
        chosen.out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
