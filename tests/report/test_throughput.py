from __future__ import annotations

import pytest

from adaptkit.report.throughput import Throughput


def test_the_rate_and_remaining_time_of_a_steady_run() -> None:
    throughput = Throughput()
    throughput.expected = 10_000
    for step in range(401):
        throughput.add(10, 320, 5.0 + step / 10)
    assert throughput.examples_per_second == pytest.approx(100, rel=0.01)
    assert throughput.tokens_per_second == pytest.approx(3200, rel=0.01)
    assert throughput.seconds_left(45.0) == pytest.approx((10_000 - 4010) / 100, rel=0.02)


def test_the_rate_follows_a_change_smoothly() -> None:
    throughput = Throughput()
    for second in range(30):
        throughput.add(100, 100, float(second))
    throughput.add(1000, 1000, 30.0)
    assert 100 < throughput.examples_per_second < 200


def test_the_remaining_time_is_unknown_at_first() -> None:
    throughput = Throughput()
    assert throughput.seconds_left(1.0) is None
    throughput.add(5, 5, 0.0)
    throughput.expected = 100
    assert throughput.seconds_left(1.0) is None


def test_the_remaining_time_is_never_negative() -> None:
    throughput = Throughput()
    throughput.expected = 10
    throughput.add(10, 10, 0.0)
    throughput.add(10, 10, 2.0)
    assert throughput.seconds_left(3.0) == 0.0
