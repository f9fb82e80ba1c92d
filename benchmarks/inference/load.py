"""Load on a server: clients that each send one request after another on a connection that stays open.

python -m benchmarks.inference.load http://127.0.0.1:8000 --requests 20000 --clients 50
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Outcome:
    """What a server answered, and how long it took."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """The latency in seconds that this share of the requests did not exceed."""
        return sorted(self.latencies)[min(int(share * len(self.latencies)), len(self.latencies) - 1)]

    def summary(self) -> dict[str, Any]:
        """The numbers that are reported."""
        return {
            "requests": len(self.latencies),
            "statuses": {str(status): count for status, count in sorted(self.statuses.items())},
            "requests_per_second": round(len(self.latencies) / self.seconds, 1),
            "p50_ms": round(self.percentile(0.5) * 1000, 1),
            "p95_ms": round(self.percentile(0.95) * 1000, 1),
        }


def post(path: str, body: bytes, kind: str = "application/json") -> bytes:
    """The bytes of a request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: test\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answer_to(request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> int:
    """Send a request, read the answer, and give its status."""
    writer.write(request)
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
    await reader.readexactly(length)
    return int(head.split(" ", 2)[1])


async def load(url: str, requests: Sequence[bytes], clients: int) -> Outcome:
    """Send all requests, each client the next one that is left."""
    where, outcome, left = urlsplit(url), Outcome(), iter(requests)

    async def client() -> None:
        reader, writer = await asyncio.open_connection(where.hostname, where.port)
        for request in left:
            begun = time.perf_counter()
            status = await answer_to(request, reader, writer)
            outcome.latencies.append(time.perf_counter() - begun)
            outcome.statuses[status] += 1
        writer.close()

    begun = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(clients)))
    outcome.seconds = time.perf_counter() - begun
    return outcome


def main() -> None:
    """Measure a server that is running."""
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("--path", default="/predict")
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--clients", type=int, default=50)
    chosen = parser.parse_args()
    words = ["the", "old", "river", "has", "seen", "many", "boats", "near", "this", "bridge", "today"]
    texts = [" ".join(words[: 1 + number % len(words)]) for number in range(chosen.requests)]
    requests = [post(chosen.path, json.dumps({"texts": [text]}).encode()) for text in texts]
    print(json.dumps(asyncio.run(load(chosen.url, requests, chosen.clients)).summary()))


if __name__ == "__main__":
    main()
