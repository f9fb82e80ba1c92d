"""The speed of a run and the remaining time, from the number of examples trained on."""

from __future__ import annotations

import math

SMOOTHING_SECONDS = 15.0
SAMPLE_SECONDS = 1.0


class Throughput:
    """Smoothed examples and tokens per second since the first call of `add`."""

    def __init__(self) -> None:
        self.expected = 0
        self.examples = 0
        self.examples_per_second = 0.0
        self.tokens_per_second = 0.0
        self._tokens = 0
        self._sampled: tuple[float, int, int] | None = None
        """The time of the last sample, and the examples and tokens until then."""

    def add(self, examples: int, tokens: int, now: float) -> None:
        """Adds the examples and tokens trained on until ``now``, in seconds of a monotonic clock."""
        if self._sampled is None:  # the duration of the first step is unknown, so it starts the clock
            self._sampled = (now, examples, tokens)
        self.examples += examples
        self._tokens += tokens
        then, examples_then, tokens_then = self._sampled
        passed = now - then
        if passed < SAMPLE_SECONDS:
            return
        weight = 1 - math.exp(-passed / SMOOTHING_SECONDS) if self.examples_per_second else 1.0
        self.examples_per_second += weight * (
            (self.examples - examples_then) / passed - self.examples_per_second
        )
        self.tokens_per_second += weight * ((self._tokens - tokens_then) / passed - self.tokens_per_second)
        self._sampled = (now, self.examples, self._tokens)

    def seconds_left(self, now: float) -> float | None:
        """The time for the remaining examples; None while it is unknown."""
        if not self.expected or not self.examples_per_second or self._sampled is None:
            return None
        since = now - self._sampled[0]
        return max((self.expected - self.examples) / self.examples_per_second - since, 0.0)
