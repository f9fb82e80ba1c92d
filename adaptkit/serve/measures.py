"""What ``/metrics`` shows, in Prometheus' format."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Measures:
    """The numbers of one server."""

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        model = ["model"]
        self.requests = Counter(
            "adaptkit_requests", "Requests by their status", ["model", "status"], registry=self.registry
        )
        self.rows = Counter("adaptkit_rows", "Rows predicted", model, registry=self.registry)
        self.seconds = Histogram(
            "adaptkit_request_seconds",
            "Time until the answer",
            model,
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batches = Histogram(
            "adaptkit_batch_rows", "Rows computed together", model, buckets=BATCHES, registry=self.registry
        )
        self.waiting = Gauge("adaptkit_waiting_rows", "Rows that wait", model, registry=self.registry)

    def text(self) -> bytes:
        """All numbers as text."""
        return generate_latest(self.registry)
